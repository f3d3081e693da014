using System.CommandLine;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.SelfHost.Cli;
using RemoveBg.SelfHost.Cli.Cut;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary>Wrong usage exits with 2 and one or two lines under the tool's name: the fault, and what to do.</summary>
public sealed class UsageTests : ToolTests
{
    [SetUp]
    public void Prepare()
    {
        Tool.Sample("scene-mug.jpg", "photo.jpg");
        Tool.Sample("scene-mug.jpg", "other/photo.jpg");
    }

    // Words that are no options.
    [TestCase("", "nothing to do: give photos, or a command.", "'removebg --help' lists all options.")]
    [TestCase("--nonsense", "--nonsense is not an option of removebg cut.", "'removebg cut --help' lists all options.")]
    [TestCase("photo.jpg --sise 3", "--sise is not an option of removebg cut. Did you mean --size?", "'removebg cut")]
    [TestCase("serve --prot=1", "--prot is not an option of removebg serve. Did you mean --port?", "'removebg serve")]
    [TestCase("--durable", "--durable is not an option of removebg cut. 'removebg serve' has it.", "'removebg cut")]
    [TestCase("keys lisst", "removebg keys needs a command: add, list,", "'removebg keys --help' lists all options.")]
    [TestCase("completion tcsh", "Argument 'tcsh' not recognized. Must be one of: 'bash', ", "'removebg completion")]
    [TestCase("networks get nothing", "nothing is in no manifest: it must be one of isnet")]
    // Values.
    [TestCase("photo.jpg --size abc", "--size must be a whole number from 16 to 20000: longest side, in pixels.")]
    [TestCase("photo.jpg --size 3", "--size must be a whole number from 16 to 20000: longest side, in pixels.")]
    [TestCase("photo.jpg --crop-margin 5%", "--crop-margin needs --crop.")]
    [TestCase("photo.jpg --background-blur 9", "--background-blur needs --background blur.")]
    [TestCase("photo.jpg --format bmp", "--format must be one of auto, png, webp.")]
    [TestCase("photo.jpg --model nothing", "--model must be one of auto")]
    [TestCase("photo.jpg --model isnet-general-use", "--model isnet-general-use is not on this machine: 'removebg "
        + "networks get isnet-general-use' downloads it.")]
    [TestCase("photo.jpg --background beach.jpg", "--background beach.jpg: no such file.")]
    [TestCase("photo.jpg --background nocolour", "--background must be a colour")]
    [TestCase("photo.jpg --jobs many", "--jobs must be a whole number from 1 to 64.", "'removebg cut --help'")]
    [TestCase("photo.jpg --force --skip-existing", "--skip-existing and --force exclude each other.", "'removebg cut")]
    [TestCase("serve --port abc", "--port must be a whole number from 0 to 65535.", "'removebg serve")]
    [TestCase("serve --listen home", "--listen must be an IP address, like 127.0.0.1 or 0.0.0.0.", "'removebg serve")]
    [TestCase("serve --host home", "Argument 'home' not recognized. Must be one of: 'self', 'func'", "'removebg serve")]
    [TestCase("serve --role Worker", "--role must be all, web, worker or sweeper, not 'Worker'.", "'removebg serve")]
    [TestCase("serve --role web --host func", "--host func takes no --role: a Functions host runs all", "'removebg")]
    [TestCase("serve --durable --no-azurite", "--durable is for the emulator, which", "'removebg serve")]
    [TestCase("keys add shop --rate x", "--rate must be a whole number, at least 1.", "'removebg keys add")]
    [TestCase("keys add shop --expires x", "--expires must be a date, like 2027-01-31", "'removebg keys add")]
    [TestCase("keys add shop --rate 99999999999", "--rate must be a whole number from 1 to 2147483647.", "'removebg")]
    [TestCase("photo.jpg --crop=maybe -o x.png", "--crop takes no value but true or false, not 'maybe'.", "'removebg")]
    // Outputs.
    [TestCase("photo.jpg -o photo.jpg/x.png", "--output photo.jpg/x.png: photo.jpg is a file, not a folder.")]
    [TestCase("photo.jpg -o x.tiff", "--output x.tiff: a result cannot be a .tiff file. Write x.png or x.webp.")]
    [TestCase("photo.jpg -o x", "--output x has no ending that names a format. Write x.png or x.webp, or "
        + "x/ for a folder.")]
    [TestCase("photo.jpg -o x.png --format webp", "--output x.png does not end in .webp, as --format webp asks for: "
        + "leave out --format, or change the name.")]
    [TestCase("photo.jpg -o {nmae}.png", "--output {nmae}.png: {nmae} is not a part of names. Use {name}, {ext}, "
        + "{dir}, {folder}; {{ and }} stand for braces.")]
    [TestCase("photo.jpg -o {name.png", "--output {name.png: { is not a part of names. Use")]
    [TestCase("photo.jpg other/photo.jpg -o out.png", "--output out.png is one file, but there are several photos. "
        + "Give a folder, like --output cutouts/, or a pattern, like '{name}.png'.")]
    [TestCase("other -o out.png", "--output out.png is one file, but there are several photos.")]
    [TestCase("photo.jpg other/photo.jpg -o out.{ext}", "--output out.{ext} gives several photos one name: it needs "
        + "{name}.")]
    [TestCase("photo.jpg other/photo.jpg -o out/", "photo.jpg and other/photo.jpg would both become out/photo.webp. "
        + "Give a pattern with {dir} or {folder}.")]
    [TestCase("photo.jpg other/photo.jpg -o -", "--output -: standard output takes one result. Give a folder")]
    [TestCase("photo.jpg -o - --json", "--json and the result cannot both go to standard output: give --output FILE.")]
    [TestCase("other", "other is a folder: say with --output FOLDER where the results go.")]
    [TestCase("photo.jpg -o other/{name}.jpg", "--output other/{name}.jpg: a result cannot be a .jpg file.")]
    [TestCase("photo.jpg -o no/such/x.png", "--output no/such/x.png: the folder no/such does not exist: create it")]
    [TestCase("photo.jpg other/photo.jpg -o photo.jpg/{folder}/{name}.png", "--output photo.jpg/./photo.png: "
        + "photo.jpg/. is a file, not a folder.")]
    // Watch and server.
    [TestCase("photo.jpg --watch -o out/", "--watch takes folders and patterns: photo.jpg is neither.")]
    [TestCase("other --watch --force -o out/", "--watch leaves results alone that exist: leave out", "'removebg cut")]
    [TestCase("photo.jpg --server here", "--server must be a URL, like https://removebg.example.com.", "'removebg cut")]
    [TestCase("photo.jpg --server https://example.com", "--server needs an API key: set REMOVEBG_KEY to one of the "
        + "service's keys.")]
    public async Task Wrong_usage_exits_with_2_and_says_what_to_do(string arguments, string first,
        string? second = null)
    {
        var result = await Tool.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var lines = result.Errors.TrimEnd('\n').Split('\n');
        Assert.That((result.Code, result.Text), Is.EqualTo((2, "")), result.Errors);
        Assert.That(lines, Has.Length.EqualTo(second is null ? 1 : 2), result.Errors);
        Assert.That(lines[0], Does.StartWith($"removebg: {first}"));
        if (second is not null) Assert.That(lines[1], Does.StartWith(second));
        Assert.That(result.Errors, Does.Not.Contain("System.").And.Not.Contain("SelfHost"));
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "other/photo.jpg", "photo.jpg" }), "nothing was written");
    }

    [TestCase("nowhere.jpg", "nowhere.jpg: no such file or folder.")]
    [TestCase("sreve", "sreve: no such file or folder. Did you mean serve?")]
    [TestCase("*.gif", "*.gif: matches no file.")]
    [TestCase("-- --nonsense", "--nonsense: no such file or folder.")]
    [TestCase("@2x.png", "@2x.png: no such file or folder.")]
    public async Task A_photo_that_does_not_exist_exits_with_1_and_one_line(string arguments, string line)
    {
        var result = await Tool.RunAsync(arguments.Split(' '));
        Assert.That((result.Code, result.Errors), Is.EqualTo((1, $"removebg: {line}\n")));
    }

    [TestCase("photo.jpg", "-o", "", "--output is empty: give a value, or leave it out.")]
    [TestCase("", "-o", "out.png", "the name of a photo is empty: give a file, a folder, a pattern, a URL or -.")]
    [TestCase("keys", "export", "", "FILE is empty: name a file.")]
    [TestCase("keys", "import", "", "FILE is empty: name a file.")]
    public async Task A_variable_that_is_not_set_leaves_an_empty_word_which_is_refused(string first, string second,
        string third, string line)
    {
        var result = await Tool.RunAsync(first, second, third);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Errors, Does.StartWith($"removebg: {line}\n"));
    }

    [Test]
    public async Task A_result_never_replaces_its_own_photo()
    {
        await File.WriteAllBytesAsync(Tool.Path("photo.png"), PngFile.Blank(20, 20));
        var result = await Tool.RunAsync("photo.png", "-o", "./photo.png", "--force");
        Assert.That((result.Code, result.Errors), Is.EqualTo((2,
            "removebg: photo.png would be replaced by its own result: give another --output.\n")));
    }

    [Test]
    public void Every_option_of_the_api_is_an_option_of_the_command()
    {
        var cut = CommandLine.Create().Subcommands.Single(command => command.Name == CutCommand.Name);
        Assert.That(cut.Options.Select(option => option.Name),
            Is.SupersetOf(CutOptions.Fields.Select(CutOptions.NameOf)));
        Assert.That(CutOptions.Fields, Is.EquivalentTo(CutOutOptions.Names.Append("outputFormat")));
        Assert.That(CutOptions.NameOf("requireForeground"), Is.EqualTo("--require-foreground"));
    }

    [TestCaseSource(nameof(AllCommands))]
    public void Each_command_and_option_explains_itself(Command command)
    {
        Assert.That(command.Description, Is.Not.Null.And.Not.Empty);
        foreach (var symbol in command.Options.Cast<Symbol>().Concat(command.Arguments))
            Assert.That(symbol.Description, Is.Not.Null.And.Not.Empty, symbol.Name);
    }

    [Test]
    public async Task Help_and_version_name_theTool()
    {
        var help = await Tool.RunAsync("--help");
        Assert.That((help.Code, help.Errors), Is.EqualTo((0, "")));
        Assert.That(help.Text, Does.Contain("removebg [command] [options]").And.Contain("cut <PHOTO>"));
        var version = await Tool.RunAsync("--version");
        Assert.That((version.Code, version.Text.Trim()), Is.EqualTo((0, "0.1.0")));
    }

    private static IEnumerable<Command> AllCommands() => Below(CommandLine.Create());

    private static IEnumerable<Command> Below(Command command) =>
        command.Subcommands.Where(it => !it.Hidden).SelectMany(Below).Prepend(command);
}
