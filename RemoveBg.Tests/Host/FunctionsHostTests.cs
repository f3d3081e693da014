using System.Diagnostics;
using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary><c>./run --host func</c>, with a program that records how it was started in place of Core Tools.</summary>
[Platform(Exclude = "Win", Reason = "the recording program is a script with a shebang line")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class FunctionsHostTests
{
    /// <summary>Answers every request with 200, as the real host answers /readyz.</summary>
    private const string Recorder =
        """
        #!/usr/bin/env node
        const { writeFileSync } = require('node:fs');
        const [,, ...args] = process.argv;
        const record = { args, folder: process.cwd(), environment: process.env };
        writeFileSync(`${__dirname}/record.json`, JSON.stringify(record));
        process.on('SIGTERM', () => { writeFileSync(`${__dirname}/stopped`, ''); process.exit(0); });
        require('node:http').createServer((_, response) => response.end()).listen(Number(args[2]), '127.0.0.1');
        """;

    private string _folder = null!;

    [SetUp]
    public void CreateFolder()
    {
        _folder = Directory.CreateTempSubdirectory("func").FullName;
        File.WriteAllText(Path.Combine(_folder, "func"), Recorder);
        File.SetUnixFileMode(Path.Combine(_folder, "func"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateSymbolicLink(Path.Combine(_folder, "RemoveBg.Functions"),
            Path.Combine(Repo.Root, "RemoveBg.Functions"));
    }

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(true)]
    [TestCase(false)]
    public async Task Core_tools_on_the_path_or_in_FUNC_PATH_get_the_built_functions_and_their_settings(bool isOnPath)
    {
        var port = FreePort();
        var path = $"{_folder}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        using var run = Start(port, isOnPath ? ("PATH", path) : ("FUNC_PATH", Path.Combine(_folder, "func")));
        var errors = run.StandardError.ReadToEndAsync();
        string? line;
        do line = await run.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        while (line is not null && !line.StartsWith("READY ", StringComparison.Ordinal));
        Assert.That(line, Is.EqualTo($"READY http://127.0.0.1:{port}"), line is null ? await errors : "");

        using var record = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "record.json")));
        var arguments =
            record.RootElement.GetProperty("args").EnumerateArray().Select(argument => argument.GetString());
        Assert.That(arguments, Is.EqualTo((string[])["start", "--port", $"{port}"]));
        var folder = record.RootElement.GetProperty("folder").GetString()!;
        Assert.That(Path.GetRelativePath(Repo.Root, folder), Does.StartWith(Path.Combine("RemoveBg.Functions", "bin")));
        Assert.That(new[] { "host.json", "functions.metadata",
            "worker.config.json" }.Select(name => Path.Combine(folder, name)), Is.All.Exist);
        var environment = record.RootElement.GetProperty("environment");
        string? Setting(string name) => environment.TryGetProperty(name, out var value) ? value.GetString() : null;
        Assert.That(Setting("FUNCTIONS_WORKER_RUNTIME"), Is.EqualTo("dotnet-isolated"));
        Assert.That(Setting("AzureWebJobsDisableHomepage"), Is.EqualTo("true"));
        Assert.That(Setting("AzureWebJobsStorage"), Does.Contain("QueueEndpoint=http://127.0.0.1:"));
        Assert.That(Setting("RemoveBg__Webhook__Secrets"), Does.StartWith("whsec_"));
        Assert.That(Setting("RemoveBg__Model__Name"), Is.EqualTo("removebg"));
        Assert.That(Setting("RemoveBg__Network__AllowLoopbackForDevelopment"), Is.EqualTo("true"));

        HostProcess.Signal(run.Id, "TERM");
        await run.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(run.ExitCode, Is.Zero, await errors);
        Assert.That(Path.Combine(_folder, "stopped"), Does.Exist);
    }

    [Test]
    public async Task A_host_that_stops_at_once_is_reported_in_one_line()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "func"), "#!/bin/sh\nexit 3\n");
        Assert.That(await FinishAsync(("FUNC_PATH", Path.Combine(_folder, "func"))),
            Is.EqualTo((1, "removebg: The Functions host stopped with code 3 before it was ready.\n")));
    }

    [Test]
    public async Task Without_core_tools_one_line_says_where_to_get_them()
    {
        File.Delete(Path.Combine(_folder, "func"));
        Assert.That(await FinishAsync(("PATH", _folder)), Is.EqualTo((1,
            "removebg: --host func needs Azure Functions Core Tools 4: 'func' is not on PATH, and FUNC_PATH is not "
            + "set. Install them (https://aka.ms/azfunc-install), or leave out --host.\n")));
    }

    [Test]
    public async Task A_FUNC_PATH_that_is_no_program_is_named()
    {
        var text = Path.Combine(_folder, "notes.txt");
        await File.WriteAllTextAsync(text, "no program");
        Assert.That(await FinishAsync(("FUNC_PATH", text)),
            Is.EqualTo((1, $"removebg: {text} cannot be run: Permission denied\n")));
    }

    [Test]
    public async Task A_FUNC_PATH_that_does_not_exist_is_named()
    {
        var missing = Path.Combine(_folder, "missing");
        Assert.That(await FinishAsync(("FUNC_PATH", missing)),
            Is.EqualTo((1, $"removebg: FUNC_PATH: {missing} does not exist.\n")));
    }

    private async Task<(int Code, string Errors)> FinishAsync((string Name, string Value) variable)
    {
        using var run = Start(FreePort(), variable);
        var (output, errors) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await output;
        return (run.ExitCode, await errors);
    }

    private Process Start(int port, (string Name, string Value) variable)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = _folder };
        var program = Path.Combine(AppContext.BaseDirectory, "RemoveBg.SelfHost.dll");
        foreach (var argument in (string[])[program, "serve", "--host", "func", "--port", $"{port}", "--offline",
            "--model", "removebg"])
            start.ArgumentList.Add(argument);
        start.Environment["AzureWebJobsStorage"] = Storage.NewAccount();
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        // Its secrets are not those of the clone.
        (start.Environment["REMOVEBG_ROOT"], start.Environment["XDG_DATA_HOME"]) = (_folder, _folder);
        start.Environment.Remove("FUNC_PATH");
        start.Environment[variable.Name] = variable.Value;
        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
