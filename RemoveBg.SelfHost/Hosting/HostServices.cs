using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Trace;
using RemoveBg.Core;
using RemoveBg.Core.Telemetry;
using RemoveBg.Functions;
using RemoveBg.SelfHost.Hosting.Development;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Services of a process that serves, and of one that sweeps once.</summary>
internal static class HostServices
{
    /// <summary>Adds settings, logging and the app's own services, as in the Functions worker's Program.cs.</summary>
    /// <param name="storage">Connection string of the started emulator; null if storage is configured.</param>
    /// <param name="secrets">Development key and secret; null outside development.</param>
    /// <returns>The app's functions.</returns>
    public static IReadOnlyList<DiscoveredFunction> AddService(this IHostApplicationBuilder builder,
        HostSettings settings, string? storage, DevelopmentSecrets? secrets)
    {
        // Files next to the program and the environment are there; now what follows from the command line.
        builder.Configuration.AddInMemoryCollection(HostApp.Known(builder.Configuration, settings, storage, secrets));
        builder.Logging.AddConsole(console => console.FormatterName ??= LineFormatter.FormatterName)
            .AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        builder.Services.AddRemoveBg(builder.Configuration, settings.Role);
        builder.Services.ConfigureOpenTelemetryTracerProvider(
            tracing => tracing.AddSource(Tracing.RequestsSourceName));
        builder.Services.AddSingleton<FunctionInvoker>();
        return FunctionCatalog.Find(typeof(SubmitArtworkHttp).Assembly);
    }
}
