using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace RemoveBg.SelfHost.Hosting.Development;

/// <summary>The storage emulator, from the npm package that package.json pins.</summary>
internal sealed class Azurite : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60), StopTime = TimeSpan.FromSeconds(10),
        StoppingTime = TimeSpan.FromSeconds(2);

    /// <summary>The key of Azurite's public account.</summary>
    internal const string UsualKey =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly Process? _process;
    private readonly string? _note;

    private Azurite(Process? process, int blobPort, int queuePort, int tablePort, string? note)
    {
        (_process, _note) = (process, note);
        string Endpoint(int port) =>
            string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/devstoreaccount1");
        ConnectionString = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
            + $"AccountKey={UsualKey};"
            + $"BlobEndpoint={Endpoint(blobPort)};QueueEndpoint={Endpoint(queuePort)};"
            + $"TableEndpoint={Endpoint(tablePort)};";
    }

    /// <summary>Connection string with Azurite's public account and key.</summary>
    public string ConnectionString { get; }

    public int? ProcessId => _process?.Id;

    /// <param name="root">The repository's folder, which has node_modules.</param>
    /// <param name="data">Folder of Azurite's files; null keeps everything in memory.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <param name="isDurable">Whether changes are saved before each response, not every five seconds.</param>
    /// <param name="mayJoin">Whether the Azurite of a running ./run on the same data may be used: it stops with that
    /// one.</param>
    /// <exception cref="UserException">Node or the package is missing, or Azurite does not start.</exception>
    public static async Task<Azurite> StartAsync(string root, string? data, CancellationToken cancellationToken,
        bool isDurable = false, bool mayJoin = false)
    {
        var script = FindScript(root, Environment.GetEnvironmentVariable("PATH")) ?? throw new UserException(
            "storage is needed: set AzureWebJobsStorage to a connection string, or install Azurite ('npm ci' in a "
            + "clone, 'npm install -g azurite' elsewhere).");

        var note = data is null ? null : Path.Combine(data, "running.json");
        if (note is not null && await RunningAsync(note, cancellationToken) is { } running)
            return mayJoin ? running : throw new UserException("another service of this clone is running and stores "
                + "its data there: stop it first, or give this one storage of its own in AzureWebJobsStorage.");

        UserException? last = null;
        for (var tries = 0; tries < 3; tries++)
        {
            // The usual ports if they are free, so that Storage Explorer finds it; else any.
            var ports = tries == 0 && data is not null && Enumerable.Range(10000, 3).All(IsFree) ? [10000, 10001, 10002]
                : FreePorts(3);
            try
            {
                var process = await LaunchAsync(script, data, ports, isDurable, cancellationToken);
                if (note is not null) await WholeFile.WriteAsync(note, JsonSerializer.SerializeToUtf8Bytes(
                    new Note(process.Id, ports[0], ports[1], ports[2])), replace: true, cancellationToken);
                return new(process, ports[0], ports[1], ports[2], note);
            }
            catch (UserException problem)
            {
                last = problem;
            }
        }
        throw last!;
    }

    /// <summary>Waits until it exits by itself.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="UserException">It has exited.</exception>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        if (_process is null) throw new InvalidOperationException("It was started by another program.");
        await _process.WaitForExitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellationToken.IsCancellationRequested) throw new UserException(
            $"the storage emulator has stopped (exit code {_process.ExitCode}), and with it the service. Start it "
            + "again. If the emulator was killed, the last seconds are lost; serve --durable keeps them.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        // Closing its standard input tells the guard to stop; see azurite-guard.js.
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(StopTime);
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
        if (_note is not null) File.Delete(_note);
    }

    /// <summary>Finds the program: in the repository, or behind the command <c>azurite</c> on PATH, which on Unix is a
    /// link to it and on Windows lies above it.</summary>
    /// <param name="root">The repository's folder, or one that has no node_modules.</param>
    /// <param name="path">Folders of commands, as in PATH.</param>
    internal static string? FindScript(string root, string? path)
    {
        const string package = "node_modules/azurite/dist/src/azurite.js";
        var installed = (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => new[] { Target(Path.Combine(folder, "azurite")), Path.Combine(folder, package) });
        return installed.Prepend(Path.Combine(root, package)).FirstOrDefault(script => script is not null
            && Path.GetExtension(script) == ".js" && File.Exists(script));

        static string? Target(string command) => File.Exists(command)
            ? File.ResolveLinkTarget(command, returnFinalTarget: true)?.FullName : null;
    }

    /// <summary>Finds an Azurite on the same data: of another ./run, or one that is stopping because its host was
    /// killed.</summary>
    private static async Task<Azurite?> RunningAsync(string note, CancellationToken cancellationToken)
    {
        if (await ReadAsync(note, cancellationToken) is not { } running) return null;
        Process process;
        try
        {
            process = Process.GetProcessById(running.ProcessId);
        }
        catch (ArgumentException)
        {
            return null;
        }
        using (process)
        {
            if (!process.ProcessName.StartsWith("node", StringComparison.OrdinalIgnoreCase)) return null;
            await WaitAsync();
            if (process.HasExited) return null;
            if (IsFree(running.BlobPort))
            {
                // It has stopped serving and saves its data, or the number is that of another program since a crash.
                await WaitAsync();
                return null;
            }

            async Task WaitAsync()
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(StoppingTime);
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        return new(null, running.BlobPort, running.QueuePort, running.TablePort, null);
    }

    /// <returns>Null if there is none, or a damaged one: it is written anew.</returns>
    private static async Task<Note?> ReadAsync(string note, CancellationToken cancellationToken)
    {
        if (!File.Exists(note)) return null;
        try
        {
            return JsonSerializer.Deserialize<Note>(await File.ReadAllTextAsync(note, cancellationToken));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<Process> LaunchAsync(string script, string? data, int[] ports, bool isDurable,
        CancellationToken cancellationToken)
    {
        if (data is not null) Directory.CreateDirectory(data);
        var start = new ProcessStartInfo("node") { RedirectStandardInput = true, RedirectStandardOutput = true,
            RedirectStandardError = true };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Hosting", "Development", "azurite-guard.js"),
            .. isDurable ? (string[])["--durable"] : [], script,
            .. data is null ? (string[])["--inMemoryPersistence"] : ["--location", data],
            "--blobPort", $"{ports[0]}", "--queuePort", $"{ports[1]}", "--tablePort", $"{ports[2]}",
            "--silent", "--disableTelemetry", "--skipApiVersionCheck",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new UserException("Node.js is not on PATH: install Node 22 or later (https://nodejs.org), or give a "
                + "connection string in AzureWebJobsStorage.");
        }

        var said = new List<string>();
        var ready = new TaskCompletionSource();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("Table service is successfully listening", StringComparison.Ordinal) == true)
                ready.TrySetResult();
        };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text) said.Add(text);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartTime);
        // Neither throws: a wait that is cut short just ends.
        if (await Task.WhenAny(ready.Task, process.WaitForExitAsync(limit.Token)) == ready.Task) return process;
        process.Kill(entireProcessTree: true);
        process.Dispose();
        cancellationToken.ThrowIfCancellationRequested();
        throw new UserException($"Azurite did not start: {(said.Count > 0 ? said[^1] : "no output")}"
            + (data is null ? "" : $" (its data is in {data})"));
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }

    private sealed record Note(int ProcessId, int BlobPort, int QueuePort, int TablePort);
}
