using System.CommandLine;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost.Hosting;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Networks;

/// <summary><c>removebg networks</c>: the models that can be used, and those on this machine.</summary>
internal static class NetworksCommand
{
    public static Command Create()
    {
        var command = new Command("networks", "Lists, downloads and verifies models.");
        var list = new Command("list", "Shows all models, best first, and which are on this machine.");
        list.SetAction((_, _) => Shown((networks, _) => networks.ListAsync(), CancellationToken.None));
        command.Add(list);

        var name = new Argument<string>("NAME") { Description = "Name of the model, as list shows it" };
        name.CompletionSources.Add([.. ModelManifest.Shipped.ByRank.Select(entry => entry.Name)]);
        var get = new Command("get", "Downloads a model, continues an interrupted download, and verifies it.") { name };
        get.SetAction((arguments, cancellationToken) => Shown(
            (networks, stop) => networks.GetAsync(arguments.GetValue(name)!, stop), cancellationToken));
        command.Add(get);

        var verify = new Command("verify", "Checks the models on this machine against the manifest's digests.");
        verify.SetAction((_, _) => Shown((networks, _) => networks.VerifyAsync(), CancellationToken.None));
        command.Add(verify);
        return command;
    }

    private static Task<int> Shown(Func<NetworkAdmin, CancellationToken, Task<int>> run,
        CancellationToken cancellationToken) => UserException.ShownAsync(async () =>
    {
        try
        {
            return await run(new(Catalog(), ModelDownload.Create, Terminal.Open()), cancellationToken);
        }
        catch (Exception problem) when (SettingProblem.Sentence(problem) is { } sentence)
        {
            // Of a user's manifest, a model file or a setting.
            throw new UserException(sentence);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
    });

    private static ModelCatalog Catalog()
    {
        var options = new ModelOptions();
        new ConfigurationBuilder().AddEnvironmentVariables().Build().GetSection(ModelOptions.Section).Bind(options);
        options.Folders ??= new HostSettings { Root = HostSettings.FindRoot() }.ModelFolders();
        return new(Options.Create(options));
    }
}
