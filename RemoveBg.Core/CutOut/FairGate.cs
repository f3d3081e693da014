namespace RemoveBg.Core.CutOut;

/// <summary>A semaphore that serves its waiters' keys in turn, and those of one key in order: nobody waits
/// longer because somebody else asks more often. Who needs several places gets them too: nobody is served
/// before the one whose turn it is.</summary>
internal sealed class FairGate(int places)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<Waiter>> _waiting = [];

    /// <summary>Keys that wait, the next to be served first. Each key is here once.</summary>
    private readonly Queue<string> _order = [];
    private int _free = places;

    public int Places { get; } = places;

    /// <summary>Waiters that have not been served and have not given up.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock) return _waiting.Values.Sum(queue => queue.Count(waiter => !waiter.Turn.Task.IsCompleted));
        }
    }

    /// <param name="key">Whose turn it is to be.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <param name="wanted">At most <see cref="Places"/>, or nobody would ever be served again.</param>
    public async Task EnterAsync(string key, CancellationToken cancellationToken, int wanted = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted, Places);
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
        // Whoever gives up stays in the queue and is skipped; those behind may fit where he did not.
        await using var givingUp = cancellationToken.UnsafeRegister(_ =>
        {
            if (waiter.Turn.TrySetCanceled(cancellationToken)) Leave(0);
        }, null);
        await waiter.Turn.Task;
    }

    /// <param name="held">As many as were entered with.</param>
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
            while (queue.TryPeek(out var gone) && gone.Turn.Task.IsCompleted) queue.Dequeue();
            var isServed = false;
            if (queue.TryPeek(out var waiter))
            {
                if (waiter.Places > _free) return;
                queue.Dequeue();
                isServed = waiter.Turn.TrySetResult();
                if (isServed) _free -= waiter.Places;
            }
            // Whose waiter has given up at this very moment stays at the head of the line.
            if (!isServed && queue.Count > 0) continue;
            _order.Dequeue();
            if (queue.Count > 0) _order.Enqueue(key);
            else _waiting.Remove(key);
        }
    }

    private sealed record Waiter(int Places, TaskCompletionSource Turn);
}
