using System.Diagnostics;
using System.Text;
using Azure.Storage.Blobs;
using RemoveBg.LocalHost.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Hosts as processes of their own, so that they can be killed.</summary>
public sealed class CrashTests
{
    [Test]
    public async Task A_job_whose_host_was_killed_in_the_middle_ends_succeeded_with_one_result_and_one_webhook_id()
    {
        await using var caller = await Caller.Start();
        var photo = caller.ServeHeld(Repo.Sample("scene-mug.jpg"));
        var storage = Storage.NewAccount();
        string id;

        using (var first = await HostProcess.Start(storage))
        {
            id = await first.Submit(photo.Url, caller.WebhookUrl);
            await photo.Asked.WaitAsync(TimeSpan.FromSeconds(30));
            first.Kill();
        }
        photo.Answer.SetResult();

        using var second = await HostProcess.Start(storage);
        await Eventually.Holds(async () => await second.Status(id) == "succeeded", "the artwork succeeds after the restart", TimeSpan.FromSeconds(120));
        var deliveries = await caller.UntilDelivered(1);
        var results = new BlobContainerClient(storage, "results").GetBlobs().ToList();
        Assert.Multiple(() =>
        {
            Assert.That(caller.Hits("/held.jpg"), Is.EqualTo(2), "the first host's download and the second's");
            Assert.That(results, Has.Count.EqualTo(1));
            Assert.That(deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(1));
            Assert.That(deliveries[0].Text, Does.Contain("\"status\":\"succeeded\""));
        });
    }

    [Test]
    public async Task A_host_that_is_asked_to_stop_finishes_what_it_has_begun()
    {
        await using var caller = await Caller.Start();
        var photo = caller.ServeHeld(Repo.Sample("scene-mug.jpg"));
        var storage = Storage.NewAccount();
        using var host = await HostProcess.Start(storage);
        await host.Submit(photo.Url, webhook: null);
        await photo.Asked.WaitAsync(TimeSpan.FromSeconds(30));

        host.Terminate();
        await host.UntilSaid("Stopping");
        photo.Answer.SetResult();
        await host.UntilExited();
        Assert.That(new BlobContainerClient(storage, "results").GetBlobs().ToList(), Has.Count.EqualTo(1));
        Assert.That(host.ExitCode, Is.Zero);
    }

    /// <summary>RemoveBg.LocalHost as ./run starts it, on the test's storage.</summary>
    private sealed class HostProcess : IDisposable
    {
        private readonly Process _process;
        private readonly List<string> _said = [];
        private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private HttpClient? _client;

        private HostProcess(string storage)
        {
            var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in new[] { typeof(HostProcess).Assembly.Location.Replace("RemoveBg.Tests.dll", "RemoveBg.LocalHost.dll", StringComparison.Ordinal), "--port", "0", "--no-azurite", "--offline", "--model", "removebg-lite" })
                start.ArgumentList.Add(argument);
            start.Environment["AzureWebJobsStorage"] = storage;
            start.Environment["DOTNET_ENVIRONMENT"] = "Development";
            start.Environment["REMOVEBG_ROOT"] = Repo.Root;
            start.Environment["RemoveBg__Process__Lease"] = "00:00:03";
            _process = Process.Start(start)!;
            _process.OutputDataReceived += (_, line) => Hear(line.Data);
            _process.ErrorDataReceived += (_, line) => Hear(line.Data);
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public int ExitCode => _process.ExitCode;

        public static async Task<HostProcess> Start(string storage)
        {
            var host = new HostProcess(storage);
            var url = await host._ready.Task.WaitAsync(TimeSpan.FromSeconds(60));
            var secrets = DevelopmentSecrets.LoadOrCreate(Path.Combine(Repo.Root, ".local"));
            host._client = new() { BaseAddress = new(url), DefaultRequestHeaders = { Authorization = new("Bearer", secrets.ApiKey) } };
            return host;
        }

        public async Task<string> Submit(string imageUrl, string? webhook)
        {
            var body = System.Text.Json.JsonSerializer.Serialize(new { imageUrl, webhook });
            using var response = await _client!.PostAsync("/v2/artworks/remove-background", new StringContent(body, Encoding.UTF8, "application/json"));
            return (await response.Json()).Text("id")!;
        }

        public async Task<string?> Status(string id)
        {
            using var response = await _client!.GetAsync($"/v2/artworks/{id}");
            return (await response.Json()).Text("status");
        }

        public void Kill() => _process.Kill();

        public void Terminate() => Process.Start("kill", ["-TERM", $"{_process.Id}"]).WaitForExit();

        public Task UntilSaid(string text) => Eventually.Holds(() =>
        {
            lock (_said) return _said.Any(line => line.Contains(text, StringComparison.Ordinal));
        }, $"the host says '{text}'");

        public Task UntilExited() => _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));

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
}
