using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Access;

/// <summary>Limits the requests that wait for an artwork: event streams, <c>Prefer: wait</c> and remove.bg's route.
/// Each holds one of the few requests that an instance takes at once, for minutes, so that one key's could shut out
/// all others. Each instance counts for itself, in memory.</summary>
public sealed class WaitingRequests(IOptions<AccessOptions> options)
{
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = [];

    /// <summary>Takes a place for a request of the key.</summary>
    /// <returns>Gives the place back when it is disposed; again, it does nothing.</returns>
    /// <exception cref="ApiException">429: the key has as many as it may have.</exception>
    public IDisposable Begin(ApiKey key)
    {
        var most = options.Value.WaitingRequests;
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(key.Id);
            if (open >= most)
                throw new ApiException(429, $"The key has {most} waiting requests open on this instance (event "
                    + "streams, Prefer: wait, remove.bg's route), the most at once. Close one, or submit without "
                    + "waiting and poll GET /v2/artworks/{id}.") { RetryAfter = TryAgain };
            _open[key.Id] = open + 1;
        }
        return new Place(this, key.Id);
    }

    private void End(string keyId)
    {
        lock (_lock)
            if (--_open[keyId] == 0) _open.Remove(keyId);
    }

    private sealed class Place(WaitingRequests all, string keyId) : IDisposable
    {
        private int _isGivenBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGivenBack, 1) == 0) all.End(keyId);
        }
    }
}
