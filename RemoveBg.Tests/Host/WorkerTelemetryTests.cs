using System.Net;
using System.Text;
using System.Text.Json;
using RemoveBg.Tests.Given;
using RemoveBg.Tests.Given.Worker;
using SkiaSharp;

namespace RemoveBg.Tests.Host;

/// <summary>Telemetry that the published worker sends to a collector.</summary>
[NonParallelizable]
internal sealed class WorkerTelemetryTests
{
    private const int Jobs = 20;

    private OtlpCollector _collector = null!;
    private RunningWorker _worker = null!;
    private readonly List<string> _ids = [];

    /// <summary>Runs jobs whose traces the host does not sample, and then stops the worker.</summary>
    [OneTimeSetUp]
    public async Task RunJobsAsync()
    {
        _collector = await OtlpCollector.StartAsync();
        _worker = await RunningWorker.StartAsync(_collector.Environment);
        using var bitmap = new SKBitmap(8, 8);
        using var photo = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        var imageUrl = $"data:image/png;base64,{Convert.ToBase64String(photo.ToArray())}";
        var json = JsonSerializer.Serialize(new { imageUrl });
        for (var job = 0; job < Jobs; job++)
        {
            using var call = await _worker.InvokeAsync(
                "SubmitArtwork", HttpMethod.Post, "/v2/artworks/remove-background", json);
            Assert.That(call.Response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            _ids.Add((await call.Response.JsonAsync()).Text("id")!);
            Assert.That(await _worker.ForwardMessageAsync("artworks", "ProcessArtwork"),
                Has.Property("IsSuccess").True);
            using var poll = await _worker.InvokeAsync("ReadArtwork", HttpMethod.Get, $"/v2/artworks/{_ids[^1]}");
            Assert.That(poll.Response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }
        Assert.That(await _worker.Peer.TerminateAsync(TimeSpan.FromSeconds(5)), Is.Zero, _worker.Peer.Output);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _worker.DisposeAsync();
        await _collector.DisposeAsync();
    }

    [TestCase("submit artwork")]
    [TestCase("process artwork")]
    public void Every_job_has_its_span(string name) => Assert.That(Count("traces", name), Is.EqualTo(Jobs));

    [Test]
    public void Each_log_line_is_exported_once() =>
        Assert.That(_ids.Select(id => Count("logs", $"Artwork {id} accepted")), Is.All.EqualTo(1));

    /// <summary>The host exports what the worker sends it unless the worker says that it does so itself.</summary>
    [Test]
    public void The_worker_tells_the_host_that_it_exports_its_own_telemetry() =>
        Assert.That(_worker.Peer.Capabilities, Contains.Key("WorkerOpenTelemetryEnabled"));

    [Test]
    public void The_worker_leaves_requests_to_the_host() =>
        Assert.That(Count("traces", "Microsoft.AspNetCore"), Is.Zero);

    [Test]
    public void A_poll_logs_nothing() =>
        Assert.That(Count("logs", "Microsoft."), Is.Zero, "lines of the platform");

    /// <returns>How often a text occurs in what was sent of a signal.</returns>
    private int Count(string signal, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var count = 0;
        foreach (var body in _collector.Bodies(signal))
            for (int at = 0, next; (next = body.AsSpan(at).IndexOf(bytes)) >= 0; at += next + bytes.Length) count++;
        return count;
    }
}
