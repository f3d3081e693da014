using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RemoveBg.Core.Access;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary><c>removebg keys</c> and its subcommands.</summary>
internal static class KeysCommand
{
    private const int LongestName = 100;

    /// <summary>Digits of an overlap; with more, a number of days would overflow.</summary>
    private const int LongestNumber = 7;

    /// <summary>A longer overlap is a second key.</summary>
    private static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(365);

    /// <param name="run">Opens storage, runs the command and closes storage.</param>
    public static Command Create(Func<bool, Func<KeyAdmin, CancellationToken, Task>, CancellationToken, Task<int>> run)
    {
        var noAzurite = new Option<bool>("--no-azurite") { Description = "Use the storage of AzureWebJobsStorage",
            Recursive = true };
        var command =
            new Command("keys", "Manages API keys in storage.") { noAzurite };

        var name = new Argument<string>("NAME") { Description = "For people; may repeat" };
        name.Validators.Add(result =>
        {
            var text = result.GetValueOrDefault<string>();
            if (string.IsNullOrWhiteSpace(text) || text.Length > LongestName || text.Any(char.IsControl))
                result.AddError($"NAME must have 1 to {LongestName} printable characters.");
        });
        var scopes = new Option<string[]>(
            "--scope") { Description = $"Rights of the key (default: {string.Join(" and ", Scopes.All)})",
            DefaultValueFactory = _ => [.. Scopes.All] };
        scopes.AcceptOnlyFromAmong([.. Scopes.All]);
        var rate = NumberOption.Create("--rate", "Submissions per minute, sustained", 60, 1, int.MaxValue);
        var burst = NumberOption.Create("--burst", "Submissions at once", 10, 1, int.MaxValue);
        var concurrent =
            NumberOption.Create("--concurrent",
                "Artworks queued or running at once; more wait",
                ApiKey.DefaultConcurrentJobs, 1, int.MaxValue);
        var expires = Expiry("Time of expiry (default: never)");
        var add = new Command("add", "Creates a key and its webhook secret, and prints both once.") { name, scopes,
            rate, burst, concurrent, expires };
        add.SetAction(
            (arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) => admin.AddAsync(
            new(arguments.GetValue(name)!, arguments.GetValue(scopes)!, arguments.GetValue(rate), arguments.GetValue(
                burst), arguments.GetValue(concurrent), arguments.GetValue(expires)), stop), cancellationToken));
        command.Add(add);

        var list = new Command("list", "Shows all keys, their use and state, without values and secrets.");
        list.SetAction((arguments, cancellationToken) =>
            run(arguments.GetValue(noAzurite), (admin, stop) => admin.ListAsync(stop), cancellationToken));
        command.Add(list);

        var which = new Argument<string>("KEY") { Description = "Id or name" };
        var overlap = new Option<TimeSpan>("--overlap")
        {
            Description = "Time for which the old one works too: 7d, 12h, 30m or 0 (default: 1d)",
            DefaultValueFactory = _ => TimeSpan.FromDays(1), HelpName = "TIME", CustomParser = Duration,
        };
        foreach (var (verb, isEnabled) in new[] { ("disable", false), ("enable", true) })
        {
            var switching = new Command(verb, isEnabled ? "Enables a disabled key."
                : "Disables a key: requests get 403, accepted jobs finish.") { which };
            switching.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
                admin.SetEnabledAsync(arguments.GetValue(which)!, isEnabled, stop), cancellationToken));
            command.Add(switching);
        }

        var until = Expiry("Time of expiry of the new value (default: the key's)");
        var rotate = new Command("rotate", "Creates a second value for a key and prints it once; the first one works "
            + "for a while.") { which, overlap, until };
        rotate.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
            admin.RotateAsync(arguments.GetValue(which)!, arguments.GetValue(overlap), arguments.GetValue(until), stop),
            cancellationToken));
        command.Add(rotate);

        var rotateSecret = new Command("rotate-webhook-secret", "Creates a webhook secret for a key and prints it "
            + "once; the one before signs too for a while.") { which, overlap };
        rotateSecret.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
            admin.RotateSecretAsync(arguments.GetValue(which)!, arguments.GetValue(overlap), stop), cancellationToken));
        command.Add(rotateSecret);

        var delete = new Command("delete", "Deletes a key: requests get 401, accepted jobs finish, artworks stay until "
            + "they expire.") { which };
        delete.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
            admin.DeleteAsync(arguments.GetValue(which)!, stop), cancellationToken));
        command.Add(delete);

        var yes = new Option<bool>("--yes") { Description = "Do not ask" };
        var erase = new Command("erase", "Erases all data of a key, even of a deleted one: cancels its open jobs, then "
            + "erases artworks, results and inputs. Repeat it if it was interrupted.") { which, yes };
        erase.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
            admin.EraseAsync(arguments.GetValue(which)!, arguments.GetValue(yes), stop), cancellationToken));
        command.Add(erase);

        var newFile = new Argument<string>("FILE") { Description = "A new file, for its owner alone" };
        newFile.Validators.Add(RequireName);
        var export = new Command("export", "Writes all keys, their limits and sealed webhook secrets into a file: for "
            + "backups and moves. Key values are not in it.") { newFile };
        export.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
            admin.Transfer.ExportAsync(arguments.GetValue(newFile)!, stop), cancellationToken));
        command.Add(export);

        var file = new Argument<string>("FILE") { Description = "A file of 'keys export'" };
        file.Validators.Add(RequireName);
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be done" };
        var replace = new Option<bool>("--replace") { Description = "Overwrite keys that storage has otherwise" };
        var import = new Command("import", "Adds the keys of a file. Repeat it if it was interrupted.") { file, dryRun,
            replace };
        import.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
            admin.Transfer.ImportAsync(arguments.GetValue(file)!, new(arguments.GetValue(replace),
                arguments.GetValue(dryRun)), stop), cancellationToken));
        command.Add(import);

        var only = new Option<string?>("--key") { Description = "Id or name of one key (default: all)",
            HelpName = "KEY" };
        var audit = new Command("audit", "Shows who did what to keys, and when.") { only };
        audit.SetAction((arguments, cancellationToken) => run(arguments.GetValue(noAzurite), (admin, stop) =>
            admin.AuditAsync(arguments.GetValue(only), stop), cancellationToken));
        command.Add(audit);
        return command;
    }

    private static void RequireName(ArgumentResult result)
    {
        if (string.IsNullOrEmpty(result.GetValueOrDefault<string>())) result.AddError("FILE is empty: name a file.");
    }

    private static Option<DateTimeOffset?> Expiry(string description) => new("--expires")
    {
        Description = description,
        HelpName = "DATE",
        CustomParser = result =>
        {
            if (result.Tokens is [{ Value: var text }] && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeLocal, out var time)) return time;
            result.AddError("--expires must be a date, like 2027-01-31 or 2027-01-31T12:00Z.");
            return null;
        },
    };

    /// <summary>Parses a number with a unit, such as 7d; 0; or [days.]hh:mm:ss.</summary>
    private static TimeSpan Duration(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        TimeSpan? time = text is [.. var digits, 'd' or 'h' or 'm' or 's']
            && digits.Length <= LongestNumber
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? text[^1] switch
            {
                'd' => TimeSpan.FromDays(number),
                'h' => TimeSpan.FromHours(number),
                'm' => TimeSpan.FromMinutes(number),
                _ => TimeSpan.FromSeconds(number),
            }
            : text == "0" ? TimeSpan.Zero
            : text.Contains(':', StringComparison.Ordinal)
                && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var clockTime) ? clockTime : null;
        if (time is null || time < TimeSpan.Zero || time > LongestOverlap)
            result.AddError($"--overlap must be a time such as 7d, 12h, 30m or 0, at most {LongestOverlap.Days}d.");
        return time ?? TimeSpan.Zero;
    }
}
