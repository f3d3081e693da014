using System.Collections.Concurrent;

namespace RemoveBg.Tests.Given;

/// <summary>Hosts on one storage. Every 20 seconds, one of them is killed and another takes its place.</summary>
internal sealed class KilledHosts : IAsyncDisposable
{
    private static readonly TimeSpan KillEvery = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<int, HostProcess> _hosts = new();
    private readonly CancellationTokenSource _over = new();
    private readonly string _storage;
    private readonly IReadOnlyDictionary<string, string?>? _settings;
    private Task _killing = Task.CompletedTask;

    private KilledHosts(string storage, IReadOnlyDictionary<string, string?>? settings) =>
        (_storage, _settings) = (storage, settings);

    public int Kills { get; private set; }

    public HostProcess this[int number] => _hosts[number];

    /// <param name="storage">Connection string.</param>
    /// <param name="count">Number of hosts.</param>
    /// <param name="spared">Number of the first hosts that are never killed.</param>
    /// <param name="settings">Environment variables besides those of every test.</param>
    public static async Task<KilledHosts> StartAsync(string storage, int count, int spared = 0,
        IReadOnlyDictionary<string, string?>? settings = null)
    {
        var hosts = new KilledHosts(storage, settings);
        for (var i = 0; i < count; i++) hosts._hosts[i] = await HostProcess.StartAsync(storage, settings);
        hosts._killing = Task.Run(() => hosts.KillAsync(spared, count - spared));
        return hosts;
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

    private async Task KillAsync(int spared, int others)
    {
        while (true)
        {
            await Task.Delay(KillEvery, TimeProvider.System, _over.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_over.IsCancellationRequested) return;
            var victim = spared + Kills++ % others;
            _hosts[victim].Dispose();
            _hosts[victim] = await HostProcess.StartAsync(_storage, _settings);
        }
    }
}
