namespace RemoveBg.SelfHost.Hosting;

/// <summary>Starts and stops all pumps together. The host stops its services one after the other: by itself, a queue
/// would be read on while another one's messages are being finished, and its own would find no time left.</summary>
internal sealed class Pumps(IReadOnlyList<BackgroundService> pumps) : BackgroundService
{
    public override void Dispose()
    {
        foreach (var pump in pumps) pump.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (pumps.Count == 0) return;
        foreach (var pump in pumps) await pump.StartAsync(stoppingToken);
        var running = pumps.Select(pump => pump.ExecuteTask!).ToList();
        // One that fails before the end ends the host, as a service of its own would.
        await await Task.WhenAny(running);
        await Task.WhenAll(running);
    }
}
