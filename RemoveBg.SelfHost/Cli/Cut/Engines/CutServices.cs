using RemoveBg.Core;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Network;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.SelfHost.Cli.Cut.Engines;

/// <summary>The service's parts that a cut needs, with the service's settings. Nothing is logged: each failure
/// is reported with its photo.</summary>
internal static class CutServices
{
    public static ServiceProvider Create(CutRequest request)
    {
        // 1. The settings that a service on this machine would have.
        var builder = new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory)
            .AddJsonFile("appsettings.json", optional: true)
            .AddJsonFile($"appsettings.{HostSettings.AmbientEnvironment}.json", optional: true)
            .AddEnvironmentVariables();
        var given = builder.Build();

        // 2. Those that follow from the command line and this clone.
        var known = HostApp.Known(given, new() { Root = HostSettings.FindRoot() }, storage: null, secrets: null);
        if (request.Jobs > 0)
            known[$"{PipelineOptions.Section}:{nameof(PipelineOptions.Concurrency)}"] = $"{request.Jobs}";
        // Which addresses are refused is then the service's decision.
        if (request.Server is not null)
            known[$"{NetworkOptions.Section}:{nameof(NetworkOptions.AllowLoopbackForDevelopment)}"] = "true";
        return new ServiceCollection().AddLogging().AddMetrics()
            .AddRemoveBg(builder.AddInMemoryCollection(known).Build()).BuildServiceProvider();
    }
}
