namespace RemoveBg.Core.Memory;

/// <summary>A semaphore that serves keys round-robin, and the waiters of one key in order.</summary>
/// <remarks>A key with many waiters does not delay the other keys. A waiter that needs several slots blocks later ones
/// until it fits, so it cannot starve; one that only its own key's share keeps out does not block others.</remarks>
/// <param name="slots">Number of slots.</param>
/// <param name="share">Most slots that one key may hold; null for all.</param>
internal sealed class FairGate(int slots, int? share = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<Waiter>> _waiting = [];
    private readonly Dictionary<string, int> _held = [];

    /// <summary>Keys with waiters, next to be served first; each key once.</summary>
    private readonly Queue<string> _order = [];
    private int _free = slots;

    public int Slots { get; } = slots;

    /// <summary>Most slots that one key may hold.</summary>
    public int Share { get; } = share ?? slots;

    /// <summary>Number of waiters neither served nor cancelled.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock) return _waiting.Values.Sum(queue => queue.Count(waiter => !waiter.Entered.Task.IsCompleted));
        }
    }

    /// <summary>Number of slots that a key holds.</summary>
    public int HeldBy(string key)
    {
        lock (_lock) return _held.GetValueOrDefault(key);
    }

    /// <summary>Waits for free slots.</summary>
    /// <param name="key">The key to queue under.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <param name="wanted">Number of slots, at most <see cref="Share"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">More slots than a key may hold: the waiter would wait for
    /// good.</exception>
    public async Task EnterAsync(string key, CancellationToken cancellationToken, int wanted = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted, Share);
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
            if (waiter.Entered.TrySetCanceled(cancellationToken)) Leave(key, 0);
        }, null);
        await waiter.Entered.Task;
    }

    /// <summary>Frees slots and serves the waiters that fit.</summary>
    /// <param name="key">The key that <see cref="EnterAsync"/> was given.</param>
    /// <param name="held">Number of slots, all of them or a part.</param>
    /// <exception cref="ArgumentOutOfRangeException">The key holds fewer.</exception>
    public void Leave(string key, int held = 1)
    {
        lock (_lock)
        {
            var before = _held.GetValueOrDefault(key);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(held, before);
            _free += held;
            if (before > held) _held[key] = before - held;
            else _held.Remove(key);
            Serve();
        }
    }

    private void Serve()
    {
        // Each turn serves a waiter, drops a key, or sends a key that has its share to the end of the line.
        for (var sentBack = 0; sentBack < _order.Count;)
        {
            var key = _order.Peek();
            var queue = _waiting[key];
            while (queue.TryPeek(out var cancelled) && cancelled.Entered.Task.IsCompleted) queue.Dequeue();
            if (!queue.TryPeek(out var waiter))
            {
                _order.Dequeue();
                _waiting.Remove(key);
                continue;
            }
            if (_held.GetValueOrDefault(key) + waiter.Slots > Share)
            {
                _order.Enqueue(_order.Dequeue());
                sentBack++;
                continue;
            }
            if (waiter.Slots > _free) return;
            queue.Dequeue();
            // The waiter was cancelled just now: keep its key first in line.
            if (!waiter.Entered.TrySetResult()) continue;
            _free -= waiter.Slots;
            _held[key] = _held.GetValueOrDefault(key) + waiter.Slots;
            sentBack = 0;
            _order.Enqueue(_order.Dequeue());
        }
    }

    private sealed record Waiter(int Slots, TaskCompletionSource Entered);
}
