using System.Diagnostics;
using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The scripts in eng, with other programs in place of node and npm.</summary>
public sealed class ScriptTests
{
    private const string Prepare = "root=$PWD; . eng/prepare.sh; require_azurite";

    [OneTimeSetUp]
    public void NeedBash()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs bash");
    }

    [TestCase("v18.20.4")]
    [TestCase("v8.17.0")]
    public async Task A_node_that_is_too_old_is_named_in_one_line(string version)
    {
        var (code, output) = await BashAsync(Prepare, ("node", $"echo {version}"));
        Assert.That(code, Is.EqualTo(1));
        Assert.That(output, Is.EqualTo(
            $"Node.js {version} is too old for Azurite: install Node 22 or later (https://nodejs.org).\n"));
    }

    [TestCase("v20.0.0")]
    [TestCase("v22.11.0")]
    [TestCase("v101.0.0")]
    public async Task A_node_that_azurite_runs_on_is_accepted(string version)
    {
        var (code, output) = await BashAsync(Prepare, ("node", $"echo {version}"), ("cmp", "exit 0"));
        Assert.That((code, output), Is.EqualTo((0, "")));
    }

    /// <summary>README, the workflow and the scripts' messages name the version that the locked Azurite asks
    /// for.</summary>
    [Test]
    public void The_documented_node_is_what_azurite_asks_for()
    {
        using var locked = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repo.Root, "package-lock.json")));
        var asked = locked.RootElement.GetProperty("packages").GetProperty("node_modules/azurite")
            .GetProperty("engines").Text("node");
        Assert.That(asked, Is.EqualTo(">=22.0.0"));
        foreach (var (file, named) in new[] { ("README.md", "[Node 22](https://nodejs.org) or later"),
            (".github/workflows/ci.yml", "node-version: 22"), ("eng/prepare.sh", "install Node 22 or later") })
            Assert.That(File.ReadAllText(Path.Combine(Repo.Root, file)), Does.Contain(named), file);
    }

    [Test]
    public async Task The_audit_fails_on_a_known_vulnerability()
    {
        const string npm = """echo '{"auditReportVersion": 2, "vulnerabilities": {"x": {}}}'; exit 1""";
        var (code, output) = await BashAsync("eng/audit.sh", ("npm", npm));
        Assert.That(code, Is.EqualTo(1));
        Assert.That(output, Does.Contain("known vulnerabilities in ./package-lock.json"));
    }

    [TestCase("""echo '{"auditReportVersion": 2, "vulnerabilities": {}}'""", "no known vulnerability")]
    [TestCase("""echo '{"message": "405 Method Not Allowed"}'; exit 1""", "cannot tell")]
    [TestCase("echo offline >&2; exit 1", "cannot tell")]
    public async Task The_audit_passes_without_vulnerabilities_and_where_the_registry_cannot_tell(
        string npm, string said)
    {
        var (code, output) = await BashAsync("eng/audit.sh", ("npm", npm));
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Contain(said));
    }

    /// <summary>A log of thousands of lines is often cut: the failures must be at its end.</summary>
    [Test]
    public async Task The_failed_tests_are_named_with_their_messages()
    {
        using var folder = new TemporaryFolder();
        var report = Path.Combine(folder.Path, "tests.trx");
        await File.WriteAllTextAsync(report, """
            <TestRun>
              <Results>
                <UnitTestResult testId="1" testName="It_works" outcome="Passed">
                  <Output><ErrorInfo><Message>not this</Message></ErrorInfo></Output>
                </UnitTestResult>
                <UnitTestResult testId="2" testName="It_counts(&quot;a &amp; b&quot;)" outcome="Failed">
                  <Output><ErrorInfo><Message>  Expected: &lt;1&gt;&#xD;
              But was:  &lt;2&gt;
            </Message><StackTrace>   at Here</StackTrace></ErrorInfo></Output>
                </UnitTestResult>
              </Results>
              <TestDefinitions>
                <UnitTest name="It_works" id="1"><TestMethod className="Rooms.Working" /></UnitTest>
                <UnitTest name="It_counts" id="2"><Execution id="9" />
                  <TestMethod className="Rooms.Counting" />
                </UnitTest>
              </TestDefinitions>
            </TestRun>
            """);
        var (code, output) = await BashAsync($"eng/failed.sh '{report}'");
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Is.EqualTo("""

            Failed: Rooms.Counting.It_counts("a & b")
                  Expected: <1>
                  But was:  <2>

            """));
    }

    [Test]
    public async Task The_tests_that_ran_when_a_run_stopped_are_named()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "f19a8615"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "f19a8615", "Sequence_55b6.xml"), """
            <?xml version="1.0"?>
            <TestSequence>
              <Test Name="Rooms.Working.It_works" Source="a.dll" Completed="True" />
              <Test Name="Rooms.Counting.It_counts(&quot;a &amp; b&quot;)" Source="a.dll" Completed="False" />
            </TestSequence>
            """);
        var (code, output) = await BashAsync($"eng/unfinished.sh '{folder.Path}'");
        Assert.That((code, output), Is.EqualTo((0, "Rooms.Counting.It_counts(\"a & b\")\n")));
    }

    [Test]
    public async Task A_run_that_ended_by_itself_has_no_unfinished_tests()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await BashAsync($"eng/unfinished.sh '{folder.Path}'");
        Assert.That((code, output), Is.EqualTo((0, "")));
    }

    private static async Task<(int Code, string Output)> BashAsync(string command,
        params (string Name, string Script)[] programs)
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, script) in programs.Append(("npm", "exit 1")).DistinctBy(program => program.Item1))
        {
            var file = Path.Combine(folder.Path, name);
            await File.WriteAllTextAsync(file, $"#!/usr/bin/env bash\n{script}\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        var start = new ProcessStartInfo("bash", ["-c", command])
        {
            WorkingDirectory = Repo.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}";
        using var bash = Process.Start(start)!;
        var (output, errors) = (bash.StandardOutput.ReadToEndAsync(), bash.StandardError.ReadToEndAsync());
        await bash.WaitForExitAsync();
        return (bash.ExitCode, await output + await errors);
    }
}
