using System.CommandLine;
using RemoveBg.SelfHost.Cli.Keys;

namespace RemoveBg.Tests.Access;

/// <summary>The arguments of <c>removebg keys</c>.</summary>
public sealed class KeysCommandTests
{
    private static readonly Command Keys = KeysCommand.Create((_, _, _) => Task.FromResult(0));

    [TestCase("7d", 7 * 24 * 60)]
    [TestCase("12h", 12 * 60)]
    [TestCase("30m", 30)]
    [TestCase("0", 0)]
    [TestCase("1.12:00:00", 36 * 60)]
    [TestCase(null, 24 * 60)]
    public void An_overlap_is_a_number_with_a_unit(string? overlap, int minutes)
    {
        string[] option = overlap is null ? [] : ["--overlap", overlap];
        var parsed = Keys.Parse(["rotate", "shop", .. option]);
        Assert.That(parsed.Errors, Is.Empty);
        Assert.That(parsed.GetValue<TimeSpan>("--overlap"), Is.EqualTo(TimeSpan.FromMinutes(minutes)));
    }

    [TestCase("7 days")]
    [TestCase("-1d")]
    [TestCase("366d")]
    [TestCase("2147483647h")]
    [TestCase("99999999999d")]
    [TestCase("d")]
    [TestCase("99999999d")]
    [TestCase("7")]
    public void An_overlap_that_is_no_time_is_an_error_that_says_what_is_accepted(string overlap) =>
        Assert.That(Keys.Parse(["rotate", "shop", $"--overlap={overlap}"]).Errors.Select(error => error.Message),
            Has.Exactly(1).Contains("7d, 12h, 30m or 0"));

    [TestCase("")]
    [TestCase("  ")]
    [TestCase("two\nlines")]
    public void A_name_that_nobody_can_read_is_an_error(string name) =>
        Assert.That(Keys.Parse(["add", name]).Errors.Select(error => error.Message),
            Has.Exactly(1).Contains("printable"));

    [TestCaseSource(nameof(Verbs))]
    public void Each_command_explains_itself_its_options_and_its_arguments(string verb)
    {
        using var output = new StringWriter();
        var root = new RootCommand { Keys };
        Assert.That(root.Parse(["keys", verb, "--help"]).Invoke(new() { Output = output }), Is.Zero);
        var help = string.Join(' ', output.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var command = Keys.Subcommands.Single(it => it.Name == verb);
        foreach (var symbol in command.Options.Cast<Symbol>().Concat(command.Arguments).Append(command))
        {
            Assert.That(symbol.Description, Is.Not.Empty.And.Not.Null, symbol.Name);
            Assert.That(help, Does.Contain(symbol.Description), symbol.Name);
        }
    }

    private static IEnumerable<string> Verbs => Keys.Subcommands.Select(command => command.Name);
}
