using System.Diagnostics;
using RemoveBg.SelfHost.Cli.Cut.Report;
using RemoveBg.Tests.Given;
using Spectre.Console;

namespace RemoveBg.Tests.Tool;

/// <summary>The progress bar: on a terminal alone.</summary>
public sealed class ProgressTests
{
    [Test]
    public async Task A_terminal_shows_count_rate_and_remaining_time_and_errors_above_the_bar()
    {
        using var screen = new StringWriter();
        var terminal = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(screen), Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes, ColorSystem = ColorSystemSupport.NoColors });
        terminal.Profile.Width = 120;
        var report = new CutReport(null, TextWriter.Null, terminal, isQuiet: false, TimeProvider.System);
        await report.WithProgressAsync(2, async () =>
        {
            await Eventually.HoldsAsync(() => screen.ToString().Contains("0/2", StringComparison.Ordinal), "a bar");
            report.Add(new("a.jpg", null, PhotoOutcome.Failed, new("image_corrupt", "is damaged.")));
            await Eventually.HoldsAsync(() => screen.ToString().Contains("1/2", StringComparison.Ordinal), "half");
            report.Add(new("b.jpg", "b.webp", PhotoOutcome.Succeeded));
            await Eventually.HoldsAsync(() => screen.ToString().Contains("2/2", StringComparison.Ordinal), "all");
        });
        Assert.That(screen.ToString(), Does.Contain("removebg: a.jpg: is damaged.").And.Match(@"\d+\.\d/s")
            .And.Match(@"\d\d:\d\d:\d\d"));
        Assert.That(report.ExitCode, Is.EqualTo(1));
    }

    [TestCase(1, false)]
    [TestCase(2, true)]
    public async Task One_photo_and_a_quiet_run_have_no_bar(int photos, bool isQuiet)
    {
        using var screen = new StringWriter();
        var terminal = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(screen), Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes });
        await new CutReport(null, TextWriter.Null, terminal, isQuiet, TimeProvider.System)
            .WithProgressAsync(photos, () => Task.CompletedTask);
        Assert.That(screen.ToString(), Is.Empty);
    }

    /// <summary>Uses script (util-linux), which gives the process a terminal.</summary>
    [Test]
    public async Task The_process_shows_the_bar_on_a_terminal()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("needs script of util-linux");
        using var tool = new ToolProcess();
        tool.Sample(to: "photos/a.jpg");
        tool.Sample(to: "photos/b.jpg");
        var start = new ProcessStartInfo("script",
            ["-qec", $"stty cols 120; dotnet '{ToolProcess.Program}' photos -o out", "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = tool.Folder,
        };
        start.Environment["REMOVEBG_ROOT"] = Repo.Root;
        start.Environment["RemoveBg__Model__Name"] = "removebg";
        start.Environment["TERM"] = "xterm-256color";
        using var process = Process.Start(start)!;
        var screen = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, screen);
        Assert.That(screen, Does.Contain("Cutting out").And.Contain("/2").And.Match(
            @"removebg: 2 photos cut out \(\d+\.\d s, \d+\.\d/s\)"));
    }
}
