using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Docs;

/// <summary>A folder with the repository's files and without what use leaves behind (<c>.local</c>), in which a
/// document's shell blocks run in order, in one shell. <c>./run</c> is the repository's own script; only
/// <c>dotnet</c> is wrapped, so that nothing is built again while the tests run.</summary>
internal sealed partial class FreshClone : IDisposable
{
    private static readonly string[] NotInAClone = [".git", ".local", "artifacts", "node_modules.log"];
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);
    private readonly TemporaryFolder _folder = new();

    public FreshClone()
    {
        foreach (var entry in new DirectoryInfo(Repo.Root).EnumerateFileSystemInfos()
            .Where(entry => !NotInAClone.Contains(entry.Name)))
            if (entry is DirectoryInfo) Directory.CreateSymbolicLink(Path.Combine(Root, entry.Name), entry.FullName);
            else File.CreateSymbolicLink(Path.Combine(Root, entry.Name), entry.FullName);
    }

    public string Root => _folder.Path;

    /// <summary>Writes the key and secret where <c>./run</c> keeps them.</summary>
    public void Keep(string developmentJson)
    {
        Directory.CreateDirectory(Path.Combine(Root, ".local"));
        File.WriteAllText(Path.Combine(Root, ".local", "development.json"), developmentJson);
    }

    /// <summary>Runs the blocks. A line that is <c>./run</c> alone starts the service on a free port, waits for its
    /// READY line and leaves it running for the lines that follow; at the end it must stop cleanly.</summary>
    /// <param name="blocks">Blocks in bash.</param>
    /// <param name="service">URL that stands for <c>http://127.0.0.1:7071</c>; null when the blocks start it.</param>
    /// <returns>Exit code of the shell, and all that was written.</returns>
    public async Task<(int Code, string Output)> RunAsync(IEnumerable<FencedBlock> blocks, Uri? service)
    {
        var port = service?.Port ?? FreePort();
        var script = new StringBuilder("set -euo pipefail\n").Append(Serve).Append('\n');
        foreach (var block in blocks)
            script.Append("echo '# ").Append(block).Append("'\n")
                .Append(ServiceLine().Replace(block.Code, "serve")
                    .Replace("127.0.0.1:7071", $"127.0.0.1:{port}", StringComparison.Ordinal));
        script.Append("stop\n");
        return await BashAsync(script.ToString(), port);
    }

    /// <returns>Exit code of <c>bash -n</c>, which parses and runs nothing, and its complaints.</returns>
    public static async Task<(int Code, string Output)> ParseAsync(string code)
    {
        using var bash = Start(new ProcessStartInfo("bash", ["-n"]) { RedirectStandardInput = true });
        await bash.StandardInput.WriteAsync(code);
        bash.StandardInput.Close();
        return await FinishAsync(bash);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(int Code, string Output)> BashAsync(string script, int port)
    {
        using var tools = new TemporaryFolder();
        var dotnet = Path.Combine(tools.Path, "dotnet");
        await File.WriteAllTextAsync(dotnet, Dotnet.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var removebg = Path.Combine(tools.Path, "removebg");
        await File.WriteAllTextAsync(removebg, Removebg.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(removebg, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = Root };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["PATH"] = $"{tools.Path}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = tools.Path,
            ["DOTNET"] = Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : "dotnet",
            ["BUILT"] = AppContext.BaseDirectory,
            ["PORT"] = $"{port}",
            // The model that comes with the source: nothing is downloaded.
            ["RemoveBg__Model__Name"] = "removebg",
        }) start.Environment[name] = value;
        start.Environment.Remove("AzureWebJobsStorage");
        start.Environment.Remove("REMOVEBG_KEY");
        start.Environment.Remove("DOTNET_ENVIRONMENT");
        using var bash = Start(start);
        return await FinishAsync(bash);
    }

    private static Process Start(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        return Process.Start(start)!;
    }

    private static async Task<(int Code, string Output)> FinishAsync(Process process)
    {
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Limit);
        return (process.ExitCode, await output + await errors);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private const string Serve = """
        service=
        serve() {
          ./run serve --port "$PORT" >.local-service.log 2>&1 &
          service=$!
          for _ in $(seq 600); do
            ! grep -q '^READY' .local-service.log || return 0
            kill -0 "$service" 2>/dev/null || break
            sleep 0.1
          done
          cat .local-service.log >&2
          return 1
        }
        stop() {
          [ -n "$service" ] || return 0
          kill -TERM "$service"
          wait "$service"
          service=
        }
        trap '[ -z "$service" ] || kill -TERM "$service"' EXIT
        """;

    private const string Dotnet = """
        #!/usr/bin/env bash
        # Everything is built and installed; and what the tests were built with is what runs. ToolPackageTests packs.
        case "$1" in
          build | pack | tool) exit 0 ;;
          *.dll) exec "$DOTNET" "$BUILT/$(basename "$1")" "${@:2}" ;;
          *) exec "$DOTNET" "$@" ;;
        esac
        """;

    /// <summary>The installed tool.</summary>
    private const string Removebg = """
        #!/usr/bin/env bash
        REMOVEBG_ROOT=$PWD exec "$DOTNET" "$BUILT/RemoveBg.SelfHost.dll" "$@"
        """;

    [GeneratedRegex(@"^\./run *(#.*)?$", RegexOptions.Multiline)]
    private static partial Regex ServiceLine();
}
