namespace RemoveBg.Core.Process.Pipeline;

/// <summary>A semaphore that serves its waiters' keys in turn, and those of one key in order: nobody waits longer because
/// somebody else asks more often.</summary>
internal sealed class FairGate(int places)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<TaskCompletionSource>> _waiting = [];

    /// <summary>Keys that wait, the next to be served first. Each key is here once.</summary>
    private readonly Queue<string> _order = [];
    private int _free = places;

    public async Task Enter(string key, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }
            if (!_waiting.TryGetValue(key, out var queue))
            {
                _waiting[key] = queue = [];
                _order.Enqueue(key);
            }
            queue.Enqueue(turn);
        }
        // Whoever gives up stays in the queue and is skipped when its turn comes.
        await using var givingUp = cancel.UnsafeRegister(state => ((TaskCompletionSource)state!).TrySetCanceled(cancel), turn);
        await turn.Task;
    }

    public void Leave()
    {
        lock (_lock)
        {
            while (_order.TryDequeue(out var key))
            {
                var queue = _waiting[key];
                var served = false;
                while (!served && queue.TryDequeue(out var turn)) served = turn.TrySetResult();
                if (queue.Count > 0) _order.Enqueue(key);
                else _waiting.Remove(key);
                if (served) return;
            }
            _free++;
        }
    }
}
