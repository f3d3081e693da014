using System.Diagnostics;
using System.Text;

namespace RemoveBg.Tests.Given;

/// <summary>RemoveBg.SelfHost as removebg serve runs it, on the test's storage.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _said = [];
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpClient? _client;

    private HostProcess(string storage, IReadOnlyDictionary<string, string?>? settings, string? folder)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { typeof(HostProcess).Assembly.Location.Replace("RemoveBg.Tests.dll",
            "RemoveBg.SelfHost.dll", StringComparison.Ordinal), "serve", "--port", "0", "--no-azurite",
            "--offline" })
            start.ArgumentList.Add(argument);
        start.Environment["AzureWebJobsStorage"] = storage;
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        // Outside a clone, secrets are the user's: here, the home of the tests.
        (start.Environment["REMOVEBG_ROOT"], start.Environment["XDG_DATA_HOME"]) = (Home.Folder, Home.Folder);
        start.Environment["RemoveBg__Model__Name"] = "removebg";
        start.Environment["RemoveBg__Process__Lease"] = "00:00:03";
        start.Environment["RemoveBg__Webhook__Timeout"] = "00:00:05";
        if (folder is not null) start.WorkingDirectory = folder;
        foreach (var (name, value) in settings ?? new Dictionary<string, string?>())
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int ExitCode => _process.ExitCode;

    /// <param name="storage">Connection string.</param>
    /// <param name="settings">Environment variables besides those of every test; null removes one.</param>
    /// <param name="folder">Working directory; null for that of the test.</param>
    public static async Task<HostProcess> StartAsync(string storage,
        IReadOnlyDictionary<string, string?>? settings = null, string? folder = null)
    {
        var host = new HostProcess(storage, settings, folder);
        await Task.WhenAny(host._ready.Task, host._process.WaitForExitAsync()).WaitAsync(TimeSpan.FromSeconds(60));
        if (!host._ready.Task.IsCompleted) Assert.Fail($"The host ended: {string.Join('\n', host._said)}");
        var url = await host._ready.Task;
        host._client = new(new OpenApiCheck()) { BaseAddress = new(url),
            DefaultRequestHeaders = { Authorization = new("Bearer", Home.Secrets.ApiKey) } };
        return host;
    }

    /// <summary>The development key, which all hosts of a test run share.</summary>
    public string ApiKey => _client!.DefaultRequestHeaders.Authorization!.Parameter!;

    public Uri Address => _client!.BaseAddress!;

    /// <summary>Largest resident memory so far, in bytes (Linux).</summary>
    public long PeakResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <exception cref="HttpRequestException">The host is gone, or does not accept.</exception>
    public async Task<string> SubmitAsync(string imageUrl, string? webhook, string? idempotencyKey = null,
        string? apiKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/artworks/remove-background")
        {
            Content = new StringContent(System.Text.Json.JsonSerializer.Serialize(new { imageUrl, webhook }),
                Encoding.UTF8, "application/json"),
        };
        if (apiKey is not null) request.Headers.Authorization = new("Bearer", apiKey);
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await _client!.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return (await response.JsonAsync()).Text("id")!;
    }

    public async Task<string?> StatusAsync(string id, string? apiKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/artworks/{id}");
        if (apiKey is not null) request.Headers.Authorization = new("Bearer", apiKey);
        using var response = await _client!.SendAsync(request);
        return (await response.JsonAsync()).Text("status");
    }

    public void Kill() => _process.Kill();

    public void Terminate() => Signal("TERM");

    public void Signal(string name) => Signal(_process.Id, name);

    public static void Signal(int processId, string name) =>
        Process.Start("kill", [$"-{name}", $"{processId}"]).WaitForExit();

    public Task UntilSaidAsync(string text) => Eventually.HoldsAsync(() =>
    {
        lock (_said) return _said.Any(line => line.Contains(text, StringComparison.Ordinal));
    }, $"the host says '{text}'");

    public Task UntilExitedAsync() => _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _client?.Dispose();
        _process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null) return;
        lock (_said) _said.Add(line);
        if (line.StartsWith("READY ", StringComparison.Ordinal)) _ready.TrySetResult(line["READY ".Length..]);
    }
}
