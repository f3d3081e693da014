using System.CommandLine;

namespace RemoveBg.SelfHost.Cli.Cut;

/// <summary><c>removebg cut</c>, which is also <c>removebg</c> with a photo.</summary>
internal static class CutCommand
{
    public const string Name = "cut";

    private const int MostJobs = 64;

    /// <param name="run">Called with the parsed request.</param>
    public static Command Create(Func<CutRequest, CancellationToken, Task<int>> run)
    {
        var photos = new Argument<string[]>("PHOTO") { Arity = ArgumentArity.OneOrMore,
            Description = "Files, folders, patterns ('**/*.jpg'), URLs, or - for standard input" };
        var output = new Option<string?>("--output", "-o") { HelpName = "PATH", Description =
            "A file, a folder, a pattern ('{folder}/{name}-cutout.{ext}'), or - for standard output (default: "
            + "NAME-cutout.webp in the current folder)" };
        var recursive = new Option<bool>("--recursive", "-r") { Description = "Look into folders below a folder, too" };
        var watch = new Option<bool>("--watch") { Description =
            "Go on with photos that appear or change, until Ctrl-C; results that exist are left alone" };
        var skip = new Option<bool>("--skip-existing") { Description = "Leave out photos whose result exists" };
        var force = new Option<bool>("--force", "-f") { Description = "Replace results that exist" };
        var jobs = NumberOption.Create("--jobs", "Photos at once (default: as many as cores and memory allow)", 0, 1,
            MostJobs, "-j");
        var json = new Option<bool>("--json") { Description = "Print one JSON line for each photo" };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print errors only" };
        var exif = new Option<bool>("--keep-exif") { Description =
            "Copy camera, time, author, copyright and description into the result; never the place" };
        var server = new Option<string?>("--server") { HelpName = "URL", Description =
            "Let this RemoveBg service do the work, with the key in REMOVEBG_KEY" };
        var options = CutOptions.Create();

        var command = new Command(Name, "Cuts out photos. 'removebg PHOTO' is the same.") { photos, output, recursive,
            watch, skip, force, jobs, json, quiet, exif, server };
        foreach (var option in options.Values) command.Add(option);
        command.Validators.Add(result =>
        {
            // As of a variable that is not set. Without a value, -o would be the root folder.
            foreach (var option in options.Values.Append(output).Append(server))
                if (result.GetResult(option)?.Tokens.Any(token => token.Value.Length == 0) == true)
                    result.AddError($"{option.Name} is empty: give a value, or leave it out.");
            if (result.GetResult(photos)?.Tokens.Any(token => token.Value.Length == 0) == true)
                result.AddError("the name of a photo is empty: give a file, a folder, a pattern, a URL or -.");
            var forces = result.GetResult(force) is { Implicit: false };
            if (forces && result.GetResult(skip) is { Implicit: false })
                result.AddError("--skip-existing and --force exclude each other.");
            if (forces && result.GetResult(watch) is { Implicit: false }) result.AddError(
                "--watch leaves results alone that exist: leave out --force, or delete them.");
            if (result.GetResult(server)?.Tokens is [{ Value: var url }]
                && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
                result.AddError("--server must be a URL, like https://removebg.example.com.");
        });
        command.SetAction((arguments, cancellationToken) => run(new()
        {
            Photos = arguments.GetValue(photos)!,
            Output = arguments.GetValue(output),
            Options = CutOptions.Read(arguments, options),
            Recursive = arguments.GetValue(recursive),
            Watch = arguments.GetValue(watch),
            SkipExisting = arguments.GetValue(skip),
            Force = arguments.GetValue(force),
            Jobs = arguments.GetValue(jobs),
            Json = arguments.GetValue(json),
            Quiet = arguments.GetValue(quiet),
            KeepExif = arguments.GetValue(exif),
            Server = arguments.GetValue(server),
        }, cancellationToken));
        return command;
    }
}
