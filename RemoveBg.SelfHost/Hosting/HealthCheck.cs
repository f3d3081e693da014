using System.CommandLine;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>The command <c>healthcheck</c>: checks that the service on this machine is ready, for containers without
/// curl.</summary>
internal static class HealthCheck
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Port of the service (default: 7071)", HelpName = "N",
            DefaultValueFactory = _ => 7071 };
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
                return response.IsSuccessStatusCode ? 0 : 1;
            }
            catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException)
            {
                await Console.Error.WriteLineAsync($"Nothing responds on port {arguments.GetValue(port)}.");
                return 1;
            }
        });
        return command;
    }
}
