using System.CommandLine;
using System.Net;

namespace RemoveBg.SelfHost.Cli.Health;

/// <summary><c>removebg healthcheck</c>: checks that the service on this machine is ready, for containers without
/// curl.</summary>
internal static class HealthCommand
{
    private const int DefaultPort = 7071;

    public static Command Create()
    {
        var port = NumberOption.Create("--port", "Port of the service", DefaultPort, 1,
            IPEndPoint.MaxPort);
        var command =
            new Command("healthcheck", "Checks that a running service is ready; exits with 0 or 1.") { port };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
            try
            {
                using var response = await client.GetAsync(
                    new Uri($"http://127.0.0.1:{arguments.GetValue(port)}/readyz"), cancellationToken);
                await Console.Out.WriteLineAsync(await response.Content.ReadAsStringAsync(cancellationToken));
                return response.IsSuccessStatusCode ? ExitCodes.Done : ExitCodes.Failed;
            }
            catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException)
            {
                await Console.Error.WriteLineAsync(
                    $"{CommandLine.ToolName}: nothing responds on port {arguments.GetValue(port)}.");
                return ExitCodes.Failed;
            }
        });
        return command;
    }
}
