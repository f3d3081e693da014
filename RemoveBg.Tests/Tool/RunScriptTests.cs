using System.Diagnostics;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary><c>./run</c> of a clone, with a program in place of dotnet that writes down its calls.</summary>
public sealed class RunScriptTests
{
    private const string Said = "Building removebg: the first time, and after a change of the source\n";

    private static readonly string Source = Path.Combine("RemoveBg.Core", "Source.cs");

    private ToolProcess _clone = null!;

    [SetUp]
    public void MakeClone()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs bash");
        _clone = new();
        foreach (var file in new[] { "run", Path.Combine("eng", "prepare.sh") })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_clone.Path(file))!);
            File.Copy(Path.Combine(Repo.Root, file), _clone.Path(file));
        }
        Write(Source, "1");
        Write(Path.Combine("RemoveBg.SelfHost", "bin", "Release", "net10.0", "RemoveBg.SelfHost.dll"), "");
        // As an older checkout would be: files are older than the build that follows.
        File.SetLastWriteTimeUtc(_clone.Path(Source), TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1));
        Write(Path.Combine("tools", "dotnet"),
            "#!/usr/bin/env bash\necho \"$*\" >>\"$CALLS\"\n[ \"$1\" != build ] || exit ${BUILD:-0}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_clone.Path("tools", "dotnet"),
            UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    [TearDown]
    public void RemoveClone() => _clone?.Dispose();

    [Test]
    public async Task It_builds_the_first_time_and_says_so_and_then_only_starts_the_program()
    {
        Assert.That(await RunAsync("photo.jpg", "--size", "9"), Is.EqualTo((0, Said,
            "--version\nbuild RemoveBg.SelfHost -c Release -p:RunAnalyzers=false\n"
            + "RemoveBg.SelfHost.dll photo.jpg --size 9\n")));
        Assert.That(await RunAsync("--help"), Is.EqualTo((0, "", "RemoveBg.SelfHost.dll --help\n")));
    }

    [Test]
    public async Task A_changed_an_added_and_a_removed_file_are_built()
    {
        await RunAsync("--help");
        File.SetLastWriteTimeUtc(_clone.Path(Source), TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1));
        Assert.That((await RunAsync("--help")).Errors, Is.EqualTo(Said), "changed");
        File.SetLastWriteTimeUtc(_clone.Path(Source), TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1));
        Assert.That((await RunAsync("--help")).Errors, Is.Empty, "older than the build");

        Write(Path.Combine("RemoveBg.Core", "Added.cs"), "");
        File.SetLastWriteTimeUtc(_clone.Path("RemoveBg.Core", "Added.cs"),
            TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1));
        Assert.That((await RunAsync("--help")).Errors, Is.EqualTo(Said), "added, although it is old");
        File.Delete(_clone.Path("RemoveBg.Core", "Added.cs"));
        Assert.That((await RunAsync("--help")).Errors, Is.EqualTo(Said), "removed");

        Write(Path.Combine("RemoveBg.Core", "obj", "Generated.cs"), "");
        Write(Path.Combine("RemoveBg.Tests", "Test.cs"), "");
        Assert.That((await RunAsync("--help")).Errors, Is.Empty, "not of the program");
    }

    [Test]
    public async Task A_build_that_failed_is_repeated()
    {
        _clone.Environment["BUILD"] = "1";
        var failed = await RunAsync("--help");
        Assert.That((failed.Code, failed.Errors), Is.EqualTo((1, $"{Said}\nThe build failed.\n")));
        _clone.Environment.Remove("BUILD");
        Assert.That((await RunAsync("--help")).Errors, Is.EqualTo(Said));
    }

    [Test]
    public async Task Alone_it_serves()
    {
        _clone.Environment["AzureWebJobsStorage"] = "UseDevelopmentStorage=true";
        await RunAsync("--help");
        Assert.That((await RunAsync()).Calls, Is.EqualTo("RemoveBg.SelfHost.dll serve\n"));
    }

    private void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_clone.Path(file))!);
        File.WriteAllText(_clone.Path(file), text);
    }

    /// <returns>Exit code, standard error, and what dotnet was called with, without what every build has.</returns>
    private async Task<(int Code, string Errors, string Calls)> RunAsync(params string[] arguments)
    {
        var calls = _clone.Path("calls");
        File.Delete(calls);
        var start = new ProcessStartInfo("bash", [_clone.Path("run"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _clone.Folder,
        };
        foreach (var (name, value) in _clone.Environment) start.Environment[name] = value;
        start.Environment["CALLS"] = calls;
        start.Environment["PATH"] = $"{_clone.Path("tools")}:{Environment.GetEnvironmentVariable("PATH")}";
        using var bash = Process.Start(start)!;
        var errors = await bash.StandardError.ReadToEndAsync();
        await bash.WaitForExitAsync();
        var said = File.Exists(calls) ? await File.ReadAllTextAsync(calls) : "";
        return (bash.ExitCode, errors, said.Replace(
            $"{_clone.Path("RemoveBg.SelfHost", "bin", "Release", "net10.0")}/", "", StringComparison.Ordinal).Replace(
            " -nologo -v minimal -nodeReuse:false -p:UseSharedCompilation=false", "", StringComparison.Ordinal));
    }
}
