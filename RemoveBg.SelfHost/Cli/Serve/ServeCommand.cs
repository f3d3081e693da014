using System.CommandLine;
using System.Net;
using RemoveBg.Core;
using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.SelfHost.Cli.Serve;

/// <summary><c>removebg serve</c>.</summary>
internal static class ServeCommand
{
    private const int DefaultPort = 7071;

    /// <param name="run">Called with the parsed settings.</param>
    public static Command Create(Func<HostSettings, CancellationToken, Task<int>> run)
    {
        var model = new Option<string?>("--model") { HelpName = "NAME", Description = "Model to use, or cascade: the "
            + "smallest first, and the best one if that is uncertain (default: the best one present)" };
        // Not the only names that are accepted: a user's manifest may add some.
        model.CompletionSources.Add(
            ["auto", ModelCatalog.Cascade, .. ModelManifest.Shipped.ByRank.Select(entry => entry.Name)]);
        var port = NumberOption.Create("--port", "Port to listen on; 0 for any free one", DefaultPort, 0,
            IPEndPoint.MaxPort);
        var listen = new Option<string>("--listen") { Description =
            "Address to listen on (default: 127.0.0.1; in a container 0.0.0.0)",
            HelpName = "IP", DefaultValueFactory = _ => "127.0.0.1" };
        listen.Validators.Add(result =>
        {
            if (!IPAddress.TryParse(result.GetValueOrDefault<string>(), out _))
                result.AddError("--listen must be an IP address, like 127.0.0.1 or 0.0.0.0.");
        });
        var noAzurite = new Option<bool>("--no-azurite") {
            Description = "Use the storage of AzureWebJobsStorage instead of the emulator" };
        var durable = new Option<bool>("--durable") {
            Description = "The emulator saves to disk before each response: nothing is lost if it is killed; slower" };
        var host = new Option<string>("--host") {
            Description = "self (default): this program; func: a real Functions host, from Azure Functions Core Tools",
            HelpName = "HOST", DefaultValueFactory = _ => "self" };
        host.AcceptOnlyFromAmong("self", "func");
        var offline = new Option<bool>("--offline") { Description = "Never download models" };
        var role = new Option<string?>("--role") { HelpName = "ROLE", Description = "Part of the service that this "
            + $"process does: all, web (API and page), worker (queues) or sweeper (timers) (default: "
            + $"{ServiceRole.Variable}, else all)" };
        role.CompletionSources.Add([.. ServiceRole.Names]);
        role.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var name }] && ServiceRole.Find(name) is null)
                result.AddError(ServiceRole.Refusal(role.Name, name));
        });

        var command = new Command("serve", "Runs the service until Ctrl-C: API, page, webhooks.") { model, port, listen,
            noAzurite, durable, host, offline, role };
        command.Validators.Add(result =>
        {
            if (result.GetResult(durable) is { Implicit: false } && result.GetResult(noAzurite) is { Implicit: false })
                result.AddError("--durable is for the emulator, which --no-azurite does not start.");
            if (result.GetResult(host)?.Tokens is not [{ Value: "func" }]) return;
            if (result.GetResult(listen) is { Implicit: false }) result.AddError("--host func takes no --listen.");
            if (result.GetResult(role) is { Implicit: false })
                result.AddError("--host func takes no --role: a Functions host runs all functions.");
            if (result.GetResult(port)?.Tokens is [{ Value: "0" }])
                result.AddError("--host func needs a --port from 1 to 65535.");
        });
        command.SetAction((arguments, cancellationToken) => run(new()
        {
            Root = HostSettings.FindRoot(),
            Port = arguments.GetValue(port),
            Address = arguments.GetValue(listen)!,
            NoAzurite = arguments.GetValue(noAzurite),
            IsDurable = arguments.GetValue(durable),
            UsesFunctionsHost = arguments.GetValue(host) == "func",
            Offline = arguments.GetValue(offline),
            Model = arguments.GetValue(model),
            RoleName = arguments.GetValue(role),
        }, cancellationToken));
        return command;
    }
}
