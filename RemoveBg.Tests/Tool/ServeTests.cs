using System.Diagnostics;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary>The commands around the service, as an operator starts them.</summary>
public sealed class ServeTests : ToolTests
{
    [SetUp]
    public void Prepare()
    {
        Tool.Environment["DOTNET_ENVIRONMENT"] = "Development";
    }

    [Test]
    public async Task A_taken_port_exits_with_1_and_one_line_that_says_what_to_do()
    {
        await using var other = await Caller.StartAsync();
        var port = new Uri(other.Url).Port;
        var result = await Tool.RunAsync("serve", "--offline", "--port", $"{port}");
        Assert.That((result.Code, result.Errors.Trim()), Is.EqualTo((1, $"removebg: port {port} is taken: stop the "
            + "program that uses it, or choose another port with --port.")));
    }

    /// <summary>192.0.2.0/24 is for documentation (RFC 5737): no machine has such an address.</summary>
    [Test]
    public async Task An_address_of_another_machine_exits_with_1_and_says_which_there_are()
    {
        var result = await Tool.RunAsync("serve", "--offline", "--port", "0", "--listen", "192.0.2.1");
        Assert.That((result.Code, result.Errors), Is.EqualTo((1, "removebg: --listen: this machine does not have the "
            + "address 192.0.2.1. Choose one of its own, 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its "
            + "IPv4 addresses.\n")));
    }

    /// <summary>The examples of the documentation need the key.</summary>
    [Test]
    public async Task Serving_prints_the_line_that_sets_the_key_and_ctrl_c_ends_it_with_0()
    {
        Tool.Environment["AzureWebJobsStorage"] = Storage.NewAccount();
        // Its secrets are not those of the clone.
        Tool.Environment["REMOVEBG_ROOT"] = Tool.Environment["XDG_DATA_HOME"] = Tool.Folder;
        using var process = Tool.StartForCtrlC("serve", "--port", "0", "--offline");
        var said = await SaidUntilStoppedAsync(process);
        Assert.That(process.ExitCode, Is.Zero, string.Join('\n', said));
        Assert.That(said, Has.Some.Match("^export REMOVEBG_KEY=rbg_[A-Za-z0-9_-]+$"));
    }

    [Test]
    public async Task No_azurite_without_storage_exits_with_1_and_names_the_missing_setting()
    {
        var result = await Tool.RunAsync("serve", "--offline", "--no-azurite");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Errors, Does.StartWith("removebg: ").And.Contain("AzureWebJobsStorage"));
    }

    [TestCase("serve", "--offline", "--role", "worker")]
    [TestCase("sweep")]
    public async Task A_part_of_the_service_without_storage_exits_with_1_and_names_the_missing_setting(
        params string[] arguments)
    {
        var result = await Tool.RunAsync(arguments);
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Errors,
            Does.Match("^removebg: (sweep|the role worker) needs storage: set AzureWebJobsStorage"));
    }

    [Test]
    public async Task A_wrong_role_in_the_environment_exits_with_1_and_says_which_there_are()
    {
        Tool.Environment["RemoveBg__Role"] = "workers";
        var result = await Tool.RunAsync("serve", "--offline");
        Assert.That((result.Code, result.Errors), Is.EqualTo((1,
            "removebg: RemoveBg__Role must be all, web, worker or sweeper, not 'workers'.\n")));
    }

    [Test]
    public async Task A_functions_host_takes_no_role_from_the_environment()
    {
        Tool.Environment["RemoveBg__Role"] = "worker";
        var result = await Tool.RunAsync("serve", "--offline", "--host", "func");
        Assert.That((result.Code, result.Errors), Is.EqualTo((1,
            "removebg: --host func runs all functions: remove RemoveBg__Role, which is worker.\n")));
    }

    [Test]
    public async Task A_sweep_without_reachable_storage_exits_with_1_and_one_sentence()
    {
        Tool.Environment["AzureWebJobsStorage"] = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;"
            + "TableEndpoint=http://127.0.0.1:1/a;BlobEndpoint=http://127.0.0.1:1/a;"
            + "QueueEndpoint=http://127.0.0.1:1/a";
        var result = await Tool.RunAsync("sweep");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Errors, Is.EqualTo("removebg: storage does not respond. Check the connection string in "
            + "AzureWebJobsStorage.\n"));
    }

    /// <summary>The tool is installed on a machine with neither a clone nor Azurite.</summary>
    [TestCase("serve", "--offline")]
    [TestCase("keys", "list")]
    public async Task Without_a_clone_and_without_storage_one_line_says_how_to_get_some(params string[] arguments)
    {
        Tool.Environment["REMOVEBG_ROOT"] = Tool.Folder;
        Tool.Environment["PATH"] = "/usr/bin:/bin";
        using var process = StartWithDotnet(arguments);
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That((process.ExitCode, errors), Is.EqualTo((1, "removebg: storage is needed: set AzureWebJobsStorage "
            + "to a connection string, or install Azurite ('npm ci' in a clone, 'npm install -g azurite' "
            + "elsewhere).\n")));
    }

    /// <summary>The signal's default action would end the process at once, with its jobs.</summary>
    [Test]
    public async Task A_closed_terminal_stops_the_service_as_ctrl_c_does()
    {
        Tool.Environment["AzureWebJobsStorage"] = Storage.NewAccount();
        Tool.Environment["REMOVEBG_ROOT"] = Tool.Environment["XDG_DATA_HOME"] = Tool.Folder;
        using var process = Tool.StartForCtrlC("serve", "--port", "0", "--offline");
        var said = await SaidUntilStoppedAsync(process, "HUP");
        Assert.That((process.ExitCode, said[^1]), Is.EqualTo((0, "Stopping; waiting for running jobs")));
    }

    [Test]
    public async Task Without_a_clone_azurite_on_the_path_is_started_and_the_users_data_is_kept()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs links");
        Directory.CreateDirectory(Tool.Path("bin"));
        File.CreateSymbolicLink(Tool.Path("bin", "azurite"),
            Path.Combine(Repo.Root, "node_modules", "azurite", "dist", "src", "azurite.js"));
        Tool.Environment["REMOVEBG_ROOT"] = Tool.Folder;
        Tool.Environment["PATH"] = $"{Tool.Path("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        Tool.Environment["HOME"] = Tool.Folder;
        foreach (var name in new[] { "DOTNET_ENVIRONMENT", "XDG_DATA_HOME" }) Tool.Environment[name] = null;
        using var process = Tool.StartForCtrlC("serve", "--port", "0", "--offline");
        var said = await SaidUntilStoppedAsync(process);
        Assert.That(process.ExitCode, Is.Zero, string.Join('\n', said) + await process.StandardError.ReadToEndAsync());
        Assert.That(said, Has.Some.StartsWith("READY http://127.0.0.1:"));
        Assert.That(Tool.Files(), Has.Some.EqualTo(".local/share/removebg/development.json")
            .And.Some.StartsWith(".local/share/removebg/azurite/"));
    }

    /// <summary>npm links the command to the program.</summary>
    [Test]
    public void Azurite_is_found_behind_the_command_on_the_path()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("needs links");
        var program = Tool.Path("lib", "azurite.js");
        Directory.CreateDirectory(Tool.Path("lib"));
        Directory.CreateDirectory(Tool.Path("bin"));
        File.WriteAllText(program, "");
        File.CreateSymbolicLink(Tool.Path("bin", "azurite"), "../lib/azurite.js");
        Assert.That(SelfHost.Hosting.Development.Azurite.FindScript(Tool.Folder, Tool.Path("bin")),
            Is.EqualTo(program));
        Assert.That(SelfHost.Hosting.Development.Azurite.FindScript(Tool.Folder, Tool.Path("lib")), Is.Null);
    }

    [TestCase("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;TableEndpoint=http://127.0.0.1:1/a;"
        + "BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a", "does not respond")]
    [TestCase("no connection string", "not usable")]
    public async Task A_keys_command_without_storage_exits_with_1_and_one_sentence(string storage, string reason)
    {
        Tool.Environment["AzureWebJobsStorage"] = storage;
        var result = await Tool.RunAsync("keys", "add", "shop");
        Assert.That((result.Code, result.Text), Is.EqualTo((1, "")));
        Assert.That(result.Errors.Trim().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(result.Errors,
            Does.StartWith("removebg: ").And.Contain("AzureWebJobsStorage").And.Contain(reason));
    }

    [Test]
    public async Task A_health_check_of_nothing_exits_with_1()
    {
        var result = await Tool.RunAsync("healthcheck", "--port", "1");
        Assert.That((result.Code, result.Errors), Is.EqualTo((1, "removebg: nothing responds on port 1.\n")));
    }

    /// <summary>The commands of the container and of its health check.</summary>
    [Test]
    public async Task The_containers_commands_are_commands()
    {
        var dockerfile = await File.ReadAllTextAsync(Path.Combine(Repo.Root, "Dockerfile"));
        Assert.That(dockerfile, Does.Contain("""
            ENTRYPOINT ["dotnet", "RemoveBg.SelfHost.dll", "serve", "--no-azurite", "--offline"]
            """).And.Contain("""CMD ["dotnet", "RemoveBg.SelfHost.dll", "healthcheck"]"""));
        var tool = SelfHost.Cli.CommandLine.Create();
        Assert.That(tool.Parse(["serve", "--no-azurite", "--offline", "--listen", "0.0.0.0", "--port", "7071"]).Errors,
            Is.Empty);
        Assert.That(tool.Parse(["healthcheck"]).Errors, Is.Empty);
    }

    /// <summary>Presses Ctrl-C, or sends another signal, when the service is ready.</summary>
    /// <returns>The lines that it printed.</returns>
    private static async Task<IReadOnlyList<string>> SaidUntilStoppedAsync(Process process, string signal = "INT")
    {
        var said = new List<string>();
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line)
        {
            said.Add(line);
            if (line == "Ctrl-C stops it.") HostProcess.Signal(process.Id, signal);
        }
        await process.WaitForExitAsync();
        return said;
    }

    /// <summary>Starts the tool on a PATH that need not have dotnet.</summary>
    private Process StartWithDotnet(string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet"
            ? host : "dotnet", [ToolProcess.Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Tool.Folder,
        };
        start.Environment.Remove("AzureWebJobsStorage");
        foreach (var (name, value) in Tool.Environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
