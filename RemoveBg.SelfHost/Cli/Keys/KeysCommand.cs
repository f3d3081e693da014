using System.CommandLine;
using RemoveBg.Core.Access;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary><c>./run keys add|list|disable|enable|rotate</c>.</summary>
internal static class KeysCommand
{
    /// <param name="run">Opens storage, runs the command and closes storage.</param>
    public static Command Create(Func<bool, Func<KeyAdmin, CancellationToken, Task>, CancellationToken, Task<int>> run)
    {
        var noAzurite = new Option<bool>("--no-azurite") { Description = "Use the storage of AzureWebJobsStorage",
            Recursive = true };
        var command =
            new Command("keys", "Manages API keys in storage.") { noAzurite };

        var name = new Argument<string>("NAME") { Description = "For people; may repeat" };
        var scopes = new Option<string[]>(
            "--scope") { Description = $"Rights of the key (default: {string.Join(" and ", Scopes.All)})",
            DefaultValueFactory = _ => [.. Scopes.All] };
        scopes.AcceptOnlyFromAmong([.. Scopes.All]);
        var rate = Positive("--rate", "Submissions per minute, sustained (default: 60)", 60);
        var burst = Positive("--burst", "Submissions at once (default: 10)", 10);
        var concurrent =
            Positive("--concurrent",
                $"Artworks queued or running at once; more wait (default: {ApiKey.DefaultConcurrentJobs})",
            ApiKey.DefaultConcurrentJobs);
        var expires = new Option<DateTimeOffset?>("--expires") { Description = "Time of expiry (default: never)",
            HelpName = "DATE" };
        var add = new Command("add", "Creates a key and prints it once.") { name, scopes, rate, burst, concurrent,
            expires };
        add.SetAction(
            (arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) => admin.AddAsync(
            new(arguments.GetValue(name)!, arguments.GetValue(scopes)!, arguments.GetValue(rate), arguments.GetValue(
                burst), arguments.GetValue(concurrent), arguments.GetValue(expires)), stop), cancellationToken));
        command.Add(add);

        var list = new Command("list", "Shows all keys, without their secrets.");
        list.SetAction((arguments, cancellationToken) =>
            run(arguments.GetValue(noAzurite), (admin, stop) => admin.ListAsync(stop), cancellationToken));
        command.Add(list);

        var which = new Argument<string>("KEY") { Description = "Id or name" };
        foreach (var (verb, isEnabled) in new[] { ("disable", false), ("enable", true) })
        {
            var switching = new Command(verb, isEnabled ? "Enables a disabled key."
                : "Disables a key: requests get 403, accepted jobs finish.") { which };
            switching.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
                admin.SetEnabledAsync(arguments.GetValue(which)!, isEnabled, stop), cancellationToken));
            command.Add(switching);
        }

        var grace = new Option<TimeSpan>(
            "--grace") { Description = "Time until the old secret expires (default: 1.00:00:00, a day)",
            DefaultValueFactory = _ => TimeSpan.FromDays(1), HelpName = "TIME" };
        var rotate =
            new Command("rotate", "Creates a second secret for a key and lets the first one expire.") { which, grace };
        rotate.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
            admin.RotateAsync(arguments.GetValue(which)!, arguments.GetValue(grace), stop), cancellationToken));
        command.Add(rotate);
        return command;
    }

    private static Option<int> Positive(string name, string description, int value)
    {
        var option =
            new Option<int>(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError($"{name} must be at least 1.");
        });
        return option;
    }
}
