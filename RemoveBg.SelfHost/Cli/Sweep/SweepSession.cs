using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.SelfHost.Cli.Sweep;

/// <summary>Runs each timer function once.</summary>
internal static class SweepSession
{
    public static Task<int> RunAsync(HostSettings settings, CancellationToken cancellationToken) =>
        UserException.ShownAsync(async () =>
    {
        if (!HostSettings.IsStorageGiven) throw HostSettings.NeedsStorage("sweep");
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = settings.EnvironmentName,
        });
        List<DiscoveredFunction> timers = [];
        // Disposed, it sends its telemetry.
        using var host = HostApp.Made(() =>
        {
            timers = [.. builder.AddService(settings, storage: null, secrets: null)
                .Where(function => function.TriggerAttribute<TimerTriggerAttribute>() is not null)];
            return builder.Build();
        });
        try
        {
            await HostApp.ExplainedAsync(() => SweepAsync(host, timers, cancellationToken), settings,
                cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new UserException("stopped before the end; the next sweep does the rest.");
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
        await Console.Out.WriteLineAsync("Swept");
        return ExitCodes.Done;
    });

    private static async Task SweepAsync(IHost host, IReadOnlyList<DiscoveredFunction> timers,
        CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken);
        await host.Services.GetRequiredService<StorageSetup>().EnsureAsync(cancellationToken);
        var invoker = host.Services.GetRequiredService<FunctionInvoker>();
        foreach (var timer in timers) await invoker.InvokeAsync(timer, _ => new TimerInfo(), cancellationToken);
    }
}
