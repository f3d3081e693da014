using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Memory;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Bodies that arrive slowly, or while memory is full, on a clock that the tests move.</summary>
[NonParallelizable] // It measures the memory of the process.
public sealed class SlowBodyTests
{
    private const string Submit = "/v2/artworks/remove-background", DropIn = "/v1.0/removebg";

    private FakeTimeProvider _clock = null!;
    private RunningHost _host = null!;

    [SetUp]
    public async Task Start()
    {
        _clock = new(TimeProvider.System.GetUtcNow());
        _host = await RunningHost.StartAsync(services: services => services.AddSingleton<TimeProvider>(_clock),
            takesWork: false);
    }

    [TearDown]
    public ValueTask Stop() => _host.DisposeAsync();

    [TestCase(Submit, "statusCode")]
    [TestCase("/v2/artworks/batch", "statusCode")]
    [TestCase(DropIn, "errors")]
    public async Task A_body_that_stops_arriving_gets_408(string path, string shape)
    {
        using var upload = await SendHeadAsync(path, 1_000_000);
        await upload.GetStream().WriteAsync(new byte[100_000]);
        var answer = await UntilAnsweredAsync(upload);
        Assert.That(answer, Does.StartWith("HTTP/1.1 408").And.Contain("8,192 bytes per second").And.Contain(shape));
    }

    [Test]
    public async Task A_body_that_drips_just_fast_enough_ends_at_the_deadline()
    {
        using var upload = await SendHeadAsync(Submit, 16 * 1024 * 1024);
        var answer = await UntilAnsweredAsync(upload, perSecond: 130_000);
        Assert.That(answer, Does.StartWith("HTTP/1.1 408").And.Contain("longer than 120 s"));
    }

    [Test]
    public async Task A_waiting_caller_is_served_because_a_stalled_upload_gives_way_with_429()
    {
        // 1. Two uploads of two keys hold all memory for bodies, and stall.
        var stalled = new List<TcpClient>();
        foreach (var name in new[] { "one", "two" })
        {
            stalled.Add(await SendHeadAsync(DropIn, MemoryBudget.LargestBody, await _host.AddKeyAsync(name)));
            await stalled[^1].GetStream().WriteAsync(new byte[1_000_000]);
        }
        using (var probe = await SendHeadAsync(Submit, 1_000_000))
            await Eventually.HoldsAsync(() => _host.Get<MemoryBudget>().WaitingBodies == 1, "memory is full");

        // 2. A third key sends a photo.
        using var photo = new MultipartFormDataContent
            { { new ByteArrayContent(await File.ReadAllBytesAsync(Repo.Sample("scene-mug.jpg"))), "image", "a.jpg" } };
        var submitting = _host.Client.PostAsync(Submit, photo);
        await Eventually.HoldsAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(0.5));
            return submitting.IsCompleted;
        }, "the photo is accepted");
        using var accepted = await submitting;
        Assert.That((int)accepted.StatusCode, Is.EqualTo(202));

        // 3. One of the two was told to come back.
        var answers = await Task.WhenAll(stalled.Select(upload => UntilAnsweredAsync(upload)));
        Assert.That(answers, Has.Some.StartsWith("HTTP/1.1 429").And.Contains("Retry-After: 10"));
        foreach (var upload in stalled) upload.Dispose();
    }

    [Test]
    public async Task Ten_data_uris_at_once_take_no_more_than_the_memory_for_bodies()
    {
        var uri = $"data:image/jpeg;base64,{Convert.ToBase64String(new byte[10 * 1024 * 1024])}";
        var body = Encoding.UTF8.GetBytes($$"""{"imageUrl":"{{uri}}"}""");
        // Without the check against openapi.json, which reads each body as text.
        using var client = new HttpClient { BaseAddress = _host.Client.BaseAddress };
        client.DefaultRequestHeaders.Authorization = new("Bearer", _host.Secrets.ApiKey);
        var statuses = new List<int>();
        var peak = PeakMemory.BytesDuring(() => Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
            using var response = await client.PostAsync(Submit, content);
            lock (statuses) statuses.Add((int)response.StatusCode);
        })).GetAwaiter().GetResult());
        Assert.That(statuses, Is.All.EqualTo(202).And.Exactly(10).Items);
        Assert.That(peak, Is.LessThan(MemoryBudget.BodyBytes + 60_000_000));
    }

    private async Task<TcpClient> SendHeadAsync(string path, int length, string? key = null)
    {
        var client = new TcpClient();
        var address = _host.Client.BaseAddress!;
        await client.ConnectAsync(address.Host, address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {address.Authority}"
            + $"\r\nAuthorization: Bearer {key ?? _host.Secrets.ApiKey}\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {length}\r\n\r\n"));
        return client;
    }

    /// <summary>Moves the clock until the host answers.</summary>
    private async Task<string> UntilAnsweredAsync(TcpClient client, int perSecond = 0)
    {
        var buffer = new byte[4096];
        var reading = client.GetStream().ReadAsync(buffer).AsTask();
        await Eventually.HoldsAsync(async () =>
        {
            if (perSecond > 0) await client.GetStream().WriteAsync(new byte[perSecond]);
            _clock.Advance(TimeSpan.FromSeconds(1));
            return reading.IsCompleted;
        }, "the host answers");
        var text = Encoding.UTF8.GetString(buffer, 0, await reading);
        // The body may come apart from the head.
        while (!text.EndsWith('}') && await client.GetStream().ReadAsync(buffer) is > 0 and var more)
            text += Encoding.UTF8.GetString(buffer, 0, more);
        return text;
    }
}
