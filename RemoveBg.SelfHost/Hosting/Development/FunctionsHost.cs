using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using RemoveBg.Core.Access;

namespace RemoveBg.SelfHost.Hosting.Development;

/// <summary>A real Functions host, from Azure Functions Core Tools, on the built functions.</summary>
internal sealed partial class FunctionsHost : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2), StopTime = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan PollingInterval = TimeSpan.FromMilliseconds(250);
    private readonly Process _process;

    private FunctionsHost(Process process, Uri url) => (_process, Url) = (process, url);

    public Uri Url { get; }

    /// <summary>Finds Core Tools: FUNC_PATH, else the first <c>func</c> in the folders of PATH.</summary>
    /// <returns>The full path of the program.</returns>
    /// <exception cref="UserException">There is none.</exception>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable("FUNC_PATH") is { Length: > 0 } given)
            return File.Exists(given) ? Path.GetFullPath(given)
                : throw new UserException($"FUNC_PATH: {given} does not exist.");
        string[] names = OperatingSystem.IsWindows() ? ["func.exe", "func.cmd"] : ["func"];
        var found = from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                    where folder.Length > 0
                    from name in names
                    let file = Path.GetFullPath(Path.Combine(folder, name))
                    where File.Exists(file)
                    select file;
        return found.FirstOrDefault() ?? throw new UserException(
            "--host func needs Azure Functions Core Tools 4: 'func' is not on PATH, and FUNC_PATH is not set. "
            + "Install them (https://aka.ms/azfunc-install), or leave out --host.");
    }

    /// <summary>Starts the host and returns when <c>/readyz</c> returns 200.</summary>
    /// <param name="func">Path of Core Tools.</param>
    /// <param name="folder">Output folder of RemoveBg.Functions.</param>
    /// <param name="port">Port to listen on, 1 to 65535.</param>
    /// <param name="settings">App settings, with <c>:</c> between section and name.</param>
    /// <exception cref="UserException">The functions are not built, or the host does not start.</exception>
    public static async Task<FunctionsHost> StartAsync(
        string func, string folder, int port, IReadOnlyDictionary<string, string?> settings,
            CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(folder, "worker.config.json")))
            throw new UserException(
                "RemoveBg.Functions is not built: run 'dotnet build RemoveBg.Functions -c Release'.");
        var start = new ProcessStartInfo(func) { WorkingDirectory = folder };
        foreach (var argument in (string[])["start", "--port", port.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        var cors = new CorsOptions { Origins = settings.GetValueOrDefault(CorsOptions.OriginsSetting) ?? "" };
        if (cors.List.Count > 0)
        {
            start.ArgumentList.Add("--cors");
            start.ArgumentList.Add(string.Join(',', cors.List));
        }
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        // Otherwise the host would serve its own page at /.
        start.Environment["AzureWebJobsDisableHomepage"] = "true";
        foreach (var (name, value) in settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;

        var host = new FunctionsHost(Launch(start), new($"http://127.0.0.1:{port}"));
        try
        {
            await host.WaitUntilReadyAsync(cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the host exits by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks the host to stop, waits up to 45 s for running jobs, and then kills it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited && !OperatingSystem.IsWindows()) _ = Kill(_process.Id, SigTerm);
        using var limit = new CancellationTokenSource(OperatingSystem.IsWindows() ? TimeSpan.Zero : StopTime);
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static Process Launch(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            // The system's reason alone: the exception's message repeats both paths.
            var reason = Marshal.GetPInvokeErrorMessage(problem.NativeErrorCode);
            throw new UserException($"{start.FileName} cannot be run: {reason}");
        }
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        using var limit = new CancellationTokenSource(StartTime);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        while (!await IsReadyAsync(client, either.Token))
        {
            if (_process.HasExited)
                throw new UserException(
                    $"The Functions host stopped with code {_process.ExitCode} before it was ready.");
            await Task.Delay(PollingInterval, TimeProvider.System, either.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (limit.IsCancellationRequested)
                throw new UserException($"The Functions host was not ready within {StartTime.TotalMinutes:0} minutes.");
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(Url, "readyz"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception problem) when (problem is HttpRequestException or OperationCanceledException)
        {
            // Not listening yet, or the limit has passed; the caller checks both.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
