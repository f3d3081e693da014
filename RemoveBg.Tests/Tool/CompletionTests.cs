using System.Diagnostics;
using RemoveBg.SelfHost.Cli;
using RemoveBg.SelfHost.Cli.Completion;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

public sealed class CompletionTests
{
    [TestCase("", "completion", "cut", "healthcheck", "keys", "networks", "serve", "sweep")]
    [TestCase("ke", "keys")]
    [TestCase("keys ro", "rotate", "rotate-webhook-secret")]
    [TestCase("keys ex", "export")]
    [TestCase("keys import --", "--dry-run", "--replace")]
    [TestCase("cut --cr", "--crop", "--crop-margin")]
    [TestCase("photo.jpg --sk", "--skip-existing")]
    [TestCase("--wat", "--watch")]
    [TestCase("serve --host f", "func")]
    [TestCase("serve --role w", "web", "worker")]
    [TestCase("completion f", "fish")]
    public void Commands_options_and_their_words_are_completed(string words, params string[] expected) =>
        Assert.That(CompletionCommand.Complete(CommandLine.Create(), words.Split(' ')), Is.SupersetOf(expected));

    [Test]
    public async Task Bash_completes_with_the_script()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs bash");
        using var tool = new ToolProcess();
        await File.WriteAllTextAsync(tool.Path("script"), (await tool.RunAsync("completion", "bash")).Text);
        var start = new ProcessStartInfo("bash", ["-c", """
            removebg() { dotnet "$PROGRAM" "$@"; }
            . ./script
            COMP_WORDS=(removebg keys ro) COMP_CWORD=2
            _removebg
            printf '%s\n' "${COMPREPLY[@]}"
            """])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = tool.Folder,
        };
        start.Environment["PROGRAM"] = ToolProcess.Program;
        using var bash = Process.Start(start)!;
        Assert.That(await bash.StandardOutput.ReadToEndAsync(), Is.EqualTo("rotate\nrotate-webhook-secret\n"));
        await bash.WaitForExitAsync();
    }

    [TestCase("bash", "complete -o default -F _removebg removebg")]
    [TestCase("zsh", "compdef _removebg removebg")]
    [TestCase("fish", "complete -c removebg -a '(removebg complete -- ")]
    [TestCase("pwsh", "Register-ArgumentCompleter -Native -CommandName removebg")]
    public async Task Each_shell_gets_its_script(string shell, string line)
    {
        using var tool = new ToolProcess();
        var result = await tool.RunAsync("completion", shell);
        Assert.That((result.Code, result.Errors), Is.EqualTo((0, "")));
        Assert.That(result.Text, Does.Contain(line).And.Not.Contain("TOOL"));
    }
}
