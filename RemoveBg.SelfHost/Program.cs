using RemoveBg.Core.Network;
using RemoveBg.SelfHost.Cli;

EnvironmentProxy.UseByDefault();

// Ctrl-C and SIGTERM cancel the action's token; jobs then have up to 60 s to finish.
return await CommandLine.Create(
    (settings, order, cancellationToken) => new Session(settings, order).RunAsync(cancellationToken))
    .Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
