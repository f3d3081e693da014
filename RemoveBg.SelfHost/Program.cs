using RemoveBg.Core.Network;
using RemoveBg.SelfHost.Cli;

EnvironmentProxy.UseByDefault();

return await CommandLine.RunAsync(args);
