namespace RemoveBg.Core.CutOut;

/// <summary>A semaphore that serves keys round-robin, and the waiters of one key in order.</summary>
/// <remarks>A key with many waiters does not delay the other keys. A waiter that needs several slots blocks later ones
/// until it fits, so it cannot starve.</remarks>
internal sealed class FairGate(int slots)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<Waiter>> _waiting = [];

    /// <summary>Keys with waiters, next to be served first; each key once.</summary>
    private readonly Queue<string> _order = [];
    private int _free = slots;

    public int Slots { get; } = slots;

    /// <summary>Number of waiters neither served nor cancelled.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock) return _waiting.Values.Sum(queue => queue.Count(waiter => !waiter.Entered.Task.IsCompleted));
        }
    }

    /// <summary>Waits for free slots.</summary>
    /// <param name="key">The key to queue under.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <param name="wanted">Number of slots, at most <see cref="Slots"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">More slots than exist: the waiter would block the gate for
    /// good.</exception>
    public async Task EnterAsync(string key, CancellationToken cancellationToken, int wanted = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted, Slots);
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new Waiter(wanted, new(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            if (!_waiting.TryGetValue(key, out var queue))
            {
                _waiting[key] = queue = [];
                _order.Enqueue(key);
            }
            queue.Enqueue(waiter);
            Serve();
        }
        // A cancelled waiter stays queued and is skipped; smaller ones behind it may fit now.
        await using var registration = cancellationToken.UnsafeRegister(_ =>
        {
            if (waiter.Entered.TrySetCanceled(cancellationToken)) Leave(0);
        }, null);
        await waiter.Entered.Task;
    }

    /// <summary>Frees slots and serves the waiters that fit.</summary>
    /// <param name="held">Number of slots that <see cref="EnterAsync"/> was given.</param>
    public void Leave(int held = 1)
    {
        lock (_lock)
        {
            _free += held;
            Serve();
        }
    }

    private void Serve()
    {
        while (_order.TryPeek(out var key))
        {
            var queue = _waiting[key];
            while (queue.TryPeek(out var cancelled) && cancelled.Entered.Task.IsCompleted) queue.Dequeue();
            var isServed = false;
            if (queue.TryPeek(out var waiter))
            {
                if (waiter.Slots > _free) return;
                queue.Dequeue();
                isServed = waiter.Entered.TrySetResult();
                if (isServed) _free -= waiter.Slots;
            }
            // The waiter was cancelled just now: keep its key first in line.
            if (!isServed && queue.Count > 0) continue;
            _order.Dequeue();
            if (queue.Count > 0) _order.Enqueue(key);
            else _waiting.Remove(key);
        }
    }

    private sealed record Waiter(int Slots, TaskCompletionSource Entered);
}
