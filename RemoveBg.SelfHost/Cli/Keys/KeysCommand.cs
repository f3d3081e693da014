using System.CommandLine;
using RemoveBg.Core.Access;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary><c>./run keys add|list|disable|enable|rotate</c>.</summary>
internal static class KeysCommand
{
    /// <param name="run">Opens storage, does the work and closes it again.</param>
    public static Command Create(Func<bool, Func<KeyAdmin, CancellationToken, Task>, CancellationToken, Task<int>> run)
    {
        var noAzurite = new Option<bool>("--no-azurite") { Description = "Storage is where AzureWebJobsStorage says",
            Recursive = true };
        var command =
            new Command("keys", "API keys, straight on storage: adds, lists, disables, rotates.") { noAzurite };

        var name = new Argument<string>("NAME") { Description = "For people; need not be unique" };
        var scopes = new Option<string[]>(
            "--scope") { Description = $"What it may do (default: {string.Join(" and ", Scopes.All)})",
            DefaultValueFactory = _ => [.. Scopes.All] };
        scopes.AcceptOnlyFromAmong([.. Scopes.All]);
        var rate = Positive("--rate", "Submissions a minute, sustained (default: 60)", 60);
        var burst = Positive("--burst", "Submissions at once (default: 10)", 10);
        var concurrent =
            Positive("--concurrent", $"Artworks worked on at once; more wait (default: {ApiKey.DefaultConcurrentJobs})",
            ApiKey.DefaultConcurrentJobs);
        var expires = new Option<DateTimeOffset?>("--expires") { Description = "When it stops working (default: never)",
            HelpName = "DATE" };
        var add = new Command("add", "Makes a new key and prints it once.") { name, scopes, rate, burst, concurrent,
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
            var switching = new Command(verb, isEnabled ? "Lets a disabled key in again."
                : "Refuses a key from now on (403); its jobs go on.") { which };
            switching.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
                admin.SetEnabledAsync(arguments.GetValue(which)!, isEnabled, stop), cancellationToken));
            command.Add(switching);
        }

        var grace = new Option<TimeSpan>(
            "--grace") { Description = "How long the old secret works on (default: 1.00:00:00, a day)",
            DefaultValueFactory = _ => TimeSpan.FromDays(1), HelpName = "TIME" };
        var rotate =
            new Command("rotate", "Makes a second secret for a key and lets the first one expire.") { which, grace };
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
