using System.CommandLine;
using System.Net;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost.Cli.Keys;
using RemoveBg.SelfHost.Cli.Photo;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.SelfHost.Cli;

/// <summary>The options and commands of <c>./run</c>.</summary>
internal static class CommandLine
{
    /// <param name="run">Called with the parsed settings; the order is null if the service is to run.</param>
    public static RootCommand Create(Func<HostSettings, PhotoOrder?, CancellationToken, Task<int>> run)
    {
        var photo = new Argument<FileInfo?>("PHOTO")
        {
            Description = "A photo to cut out. Without it, the service runs until Ctrl-C.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        photo.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<FileInfo?>() is { Exists: false } missing)
                result.AddError($"PHOTO: {missing.FullName} not found.");
        });
        var output = new Option<string?>("-o", "--output") { Description =
            "Where to write the cut-out (default: PHOTO's name with -cutout, in this folder)", HelpName = "FILE" };
        string[] formats = [.. OutputFormats.Words.Where(word => word != OutputFormat.Auto.Word())];
        var format = new Option<string>("--format") { DefaultValueFactory = _ => OutputFormat.Webp.Word(),
            Description = $"Format of the file: {string.Join(", ", formats)}" };
        format.AcceptOnlyFromAmong(formats);
        var model = new Option<string?>("--model") { HelpName = "NAME", Description = "Model to use, or cascade: the "
            + "smallest first, and the best one if that is uncertain (default: the best one present)" };
        // Not the only names that are accepted: a user's manifest may add some.
        model.CompletionSources.Add(
            ["auto", ModelCatalog.Cascade, .. ModelManifest.Shipped.ByRank.Select(entry => entry.Name)]);
        var crop = new Option<string?>(
            "--crop") { Description = "Crop to the subject, with this margin: 0 (default), 10%, '20px 0'",
            HelpName = "MARGIN", Arity = ArgumentArity.ZeroOrOne };
        var background = new Option<string?>("--background") { Description =
            "Colour (#ffffff, white) or image URL to put behind the subject", HelpName = "COLOUR" };
        var shadow = new Option<bool>("--shadow") { Description = "Draw a soft shadow below the subject" };
        var size =
            new Option<int?>("--size") { Description = "Longest side at most, in pixels", HelpName = "PIXELS" };
        var mask = new Option<bool>("--mask") { Description = "Write the matte alone, as a grey image" };
        var port = new Option<int?>(
            "--port") { Description = "Port to listen on (default: 7071; with PHOTO, any free one)", HelpName = "N" };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0 or > 65535) result.AddError("--port must be 0 to 65535.");
        });
        var listen = new Option<string>(
            "--listen") { Description = "Address to listen on (default: 127.0.0.1; in a container 0.0.0.0)",
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

        var command = new RootCommand("RemoveBg: removes the background of photos.") { photo, output, format, crop,
            background, shadow, size, mask, model, port, listen, noAzurite, durable, host, offline };
        command.Validators.Add(result =>
        {
            if (result.GetValue(durable) && result.GetValue(noAzurite))
                result.AddError("--durable is for the emulator, which --no-azurite does not start.");
            if (result.GetValue(durable) && result.GetResult(photo)?.Tokens.Count > 0)
                result.AddError("--durable takes no PHOTO: a photo's emulator keeps everything in memory.");
            if (result.GetValue(host) != "func") return;
            if (result.GetResult(photo)?.Tokens.Count > 0) result.AddError("--host func takes no PHOTO.");
            if (result.GetResult(listen) is { Implicit: false }) result.AddError("--host func takes no --listen.");
            if (result.GetResult(port)?.Tokens is [{ Value: "0" }])
                result.AddError("--host func needs a --port from 1 to 65535.");
        });
        command.SetAction((arguments, cancellationToken) =>
        {
            var file = arguments.GetValue(photo);
            var settings = new HostSettings
            {
                // Photo and webhook stay on this machine.
                EnvironmentName = file is null ? HostSettings.AmbientEnvironment : Environments.Development,
                Root = HostSettings.FindRoot(),
                Port = arguments.GetValue(port) ?? (file is null ? 7071 : 0),
                Address = arguments.GetValue(listen)!,
                NoAzurite = arguments.GetValue(noAzurite),
                IsDurable = arguments.GetValue(durable),
                UsesFunctionsHost = arguments.GetValue(host) == "func",
                Offline = arguments.GetValue(offline),
                Model = arguments.GetValue(model),
            };
            return run(settings, file is null ? null : new(file.FullName, arguments.GetValue(output),
                arguments.GetValue(format)!, Wanted(arguments)), cancellationToken);
        });
        Dictionary<string, object> Wanted(ParseResult arguments)
        {
            var wanted = new Dictionary<string, object>();
            if (arguments.GetResult(crop) is { Implicit: false })
            {
                wanted["crop"] = true;
                if (arguments.GetValue(crop) is { } margin) wanted["cropMargin"] = margin;
            }
            if (arguments.GetValue(background) is { } behind) wanted["background"] = behind;
            if (arguments.GetValue(shadow)) wanted["shadow"] = true;
            if (arguments.GetValue(size) is { } longest) wanted["size"] = longest;
            if (arguments.GetValue(mask)) wanted["channels"] = "alpha";
            return wanted;
        }

        command.Add(HealthCheck.Create());
        command.Add(KeysCommand.Create(KeysSession.RunAsync));
        return command;
    }
}
