using System.CommandLine;

namespace RemoveBg.SelfHost.Hosting;

/// <summary><c>healthcheck</c>: asks the service on this machine whether it is ready; for
/// containers, whose images have no curl.</summary>
internal static class HealthCheck
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Where it listens (default: 7071)", HelpName = "N",
            DefaultValueFactory = _ => 7071 };
        var command =
            new Command("healthcheck", "Asks a running service whether it is ready; ends with 0 or 1.") { port };
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
                await Console.Error.WriteLineAsync($"Nothing answers on port {arguments.GetValue(port)}.");
                return 1;
            }
        });
        return command;
    }
}
