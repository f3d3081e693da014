using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Access;

/// <summary>Limits requests that cost too little for a write to storage: those of a key that submit nothing, and those
/// without a valid key. Each instance counts for itself, in memory.</summary>
public sealed class RequestLimit(IOptions<AccessOptions> options, TimeProvider clock)
{
    /// <summary>Calls that a key may make for each of its submissions.</summary>
    private const int PerSubmission = 10;

    /// <summary>Addresses that are counted separately; more share one count.</summary>
    private const int MostAddresses = 100_000;

    private readonly Buckets _keys = new(int.MaxValue, clock), _strangers = new(MostAddresses, clock);

    /// <summary>Counts a request of a key.</summary>
    /// <param name="key">The API key.</param>
    /// <param name="cost">Requests that it counts for.</param>
    public RateDecision Admit(ApiKey key, int cost) => _keys.Admit(key.Id,
        Math.Max(options.Value.RequestsPerMinute, PerSubmission * key.RatePerMinute),
        Math.Max(options.Value.RequestBurst, PerSubmission * key.Burst), cost) with { Policy = "request" };

    /// <summary>Counts a request whose key is missing, unknown, or not checked yet.</summary>
    public RateDecision AdmitStranger(string address) => _strangers.Admit(address,
        options.Value.StrangerRequestsPerMinute, options.Value.StrangerRequestsPerMinute) with { Policy = "address" };

    /// <summary>Takes back <see cref="AdmitStranger"/>: the key is valid.</summary>
    public void Forgive(string address) => _strangers.GiveBack(address, options.Value.StrangerRequestsPerMinute);

    /// <param name="most">Buckets that are kept.</param>
    /// <param name="clock">Measures durations only, so a clock that is set does no harm.</param>
    private sealed class Buckets(int most, TimeProvider clock)
    {
        private const string Others = "others";
        private static readonly TimeSpan CleanEvery = TimeSpan.FromSeconds(1);

        private readonly Lock _lock = new();
        private readonly long _start = clock.GetTimestamp();
        private readonly Dictionary<string, DateTimeOffset> _arrivalTimes = [];
        private DateTimeOffset _cleanAt;

        private DateTimeOffset Now => DateTimeOffset.UnixEpoch + clock.GetElapsedTime(_start);

        public RateDecision Admit(string id, int ratePerMinute, int burst, int cost = 1)
        {
            lock (_lock)
            {
                var now = Now;
                if (now >= _cleanAt && _arrivalTimes.Count >= most)
                {
                    _cleanAt = now + CleanEvery;
                    foreach (var full in _arrivalTimes.Where(entry => entry.Value <= now).ToList())
                        _arrivalTimes.Remove(full.Key);
                }
                if (_arrivalTimes.Count >= most && !_arrivalTimes.ContainsKey(id)) id = Others;
                (var decision, _arrivalTimes[id]) =
                    Gcra.Admit(_arrivalTimes.GetValueOrDefault(id), now, ratePerMinute, burst, cost);
                return decision;
            }
        }

        public void GiveBack(string id, int ratePerMinute)
        {
            lock (_lock)
                if (_arrivalTimes.TryGetValue(id, out var arrivalTime))
                    _arrivalTimes[id] = arrivalTime - TimeSpan.FromMinutes(1) / ratePerMinute;
        }
    }
}
