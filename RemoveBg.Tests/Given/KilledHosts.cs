using System.Collections.Concurrent;

namespace RemoveBg.Tests.Given;

/// <summary>Hosts on one storage. Every 20 seconds, or when the test says so, one of them is killed and another takes
/// its place.</summary>
internal sealed class KilledHosts : IAsyncDisposable
{
    private static readonly TimeSpan KillEvery = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<int, HostProcess> _hosts = new();
    private readonly CancellationTokenSource _over = new();
    private readonly string _storage;
    private readonly int _spared;
    private readonly IReadOnlyDictionary<string, string?>? _settings;
    private Task _killing = Task.CompletedTask;

    private KilledHosts(string storage, int spared, IReadOnlyDictionary<string, string?>? settings) =>
        (_storage, _spared, _settings) = (storage, spared, settings);

    public int Kills { get; private set; }

    public HostProcess this[int number] => _hosts[number];

    /// <param name="storage">Connection string.</param>
    /// <param name="count">Number of hosts.</param>
    /// <param name="spared">Number of the first hosts that are never killed.</param>
    /// <param name="settings">Environment variables besides those of every test.</param>
    /// <param name="byTime">False: only the test kills.</param>
    public static async Task<KilledHosts> StartAsync(string storage, int count, int spared = 0,
        IReadOnlyDictionary<string, string?>? settings = null, bool byTime = true)
    {
        var hosts = new KilledHosts(storage, spared, settings);
        for (var i = 0; i < count; i++) await hosts.AddAsync();
        if (byTime) hosts._killing = Task.Run(hosts.KillAsync);
        return hosts;
    }

    public async Task AddAsync() => _hosts[_hosts.Count] = await HostProcess.StartAsync(_storage, _settings);

    /// <summary>Kills the next host, and starts another in its place.</summary>
    public async Task KillNextAsync()
    {
        var victim = _spared + Kills++ % (_hosts.Count - _spared);
        _hosts[victim].Dispose();
        _hosts[victim] = await HostProcess.StartAsync(_storage, _settings);
    }

    /// <summary>Submits a job to one host after the other until one answers, each time with the same Idempotency-Key.
    /// </summary>
    /// <returns>The artwork's id.</returns>
    public async Task<string> SubmitAsync(int job, string imageUrl, string webhook, string? apiKey = null)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await _hosts[(job + tries) % _hosts.Count].SubmitAsync(imageUrl, webhook, $"job-{job}", apiKey);
            }
            catch (Exception problem) when (tries < 300 && problem is HttpRequestException
                or IOException or TaskCanceledException or ObjectDisposedException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
            }
        }
    }

    /// <summary>Ends the killing; all hosts live on.</summary>
    public async Task SpareAsync()
    {
        await _over.CancelAsync();
        await _killing;
    }

    public async ValueTask DisposeAsync()
    {
        await SpareAsync();
        foreach (var host in _hosts.Values) host.Dispose();
        _over.Dispose();
    }

    private async Task KillAsync()
    {
        while (true)
        {
            await Task.Delay(KillEvery, TimeProvider.System, _over.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_over.IsCancellationRequested) return;
            await KillNextAsync();
        }
    }
}
