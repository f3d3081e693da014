using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;

namespace RemoveBg.Tests.Page;

/// <summary>Answers of the service, made in the browser's network: as fast as tests of many photos need, and as wrong
/// as tests of failures do. The answers have the shape that openapi.json describes.</summary>
internal sealed class FakeService
{
    private readonly IPage _page;
    private readonly ConcurrentDictionary<string, string> _failing = new();
    private byte[] _result = [];
    private int _submitted, _atOnce;

    private FakeService(IPage page) => _page = page;

    /// <summary>Photos that have been submitted.</summary>
    public int Submitted => Volatile.Read(ref _submitted);

    /// <summary>Largest number of photos on their way at once.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Chooses a failure code for the n-th photo, from 1; null: it succeeds.</summary>
    public Func<int, string?> Failure { get; set; } = _ => null;

    /// <summary>Message of a failure.</summary>
    public string Message { get; set; } = "It failed.";

    /// <summary>Confidence of the model.</summary>
    public double Confidence { get; set; } = 0.97;

    /// <summary>Photos end when this does; at once unless set.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Starts to answer for the service.</summary>
    /// <param name="page">The page; its requests are answered.</param>
    /// <param name="result">A script that returns each cut-out as a Blob; null: a small one.</param>
    public static async Task<FakeService> StartAsync(IPage page, string? result = null)
    {
        var service = new FakeService(page);
        service._result = await service.MakeAsync(result ?? """
            async () => {
              const canvas = new OffscreenCanvas(48, 32), context = canvas.getContext("2d");
              context.fillStyle = "#396";
              context.fillRect(12, 8, 24, 16);
              return canvas.convertToBlob({ type: "image/webp" });
            }
            """);
        await page.RouteAsync("**/v2/artworks/**", service.AnswerAsync);
        return service;
    }

    /// <summary>Makes a file in the browser.</summary>
    /// <param name="script">Returns a Blob.</param>
    public async Task<byte[]> MakeAsync(string script)
    {
        var made = await _page.EvaluateAsync<string>($$"""
            async () => {
              const blob = await ({{script}})();
              const reader = new FileReader();
              await new Promise(done => { reader.onload = done; reader.readAsDataURL(blob); });
              return reader.result.split(",")[1];
            }
            """);
        return Convert.FromBase64String(made);
    }

    private async Task AnswerAsync(IRoute route)
    {
        var path = new Uri(route.Request.Url).AbsolutePath;
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (path.EndsWith("/remove-background", StringComparison.Ordinal))
        {
            var id = Guid.CreateVersion7().ToString();
            if (Failure(Interlocked.Increment(ref _submitted)) is { } code) _failing[id] = code;
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _atOnce));
            await JsonAsync(route, Artwork(id, "starting"), 202);
        }
        else if (path.EndsWith("/events", StringComparison.Ordinal))
        {
            await Gate;
            var artwork = Artwork(parts[2], _failing.ContainsKey(parts[2]) ? "failed" : "succeeded");
            Interlocked.Decrement(ref _atOnce);
            await route.FulfillAsync(new() { ContentType = "text/event-stream",
                Body = $"event: status\ndata: {JsonSerializer.Serialize(artwork)}\n\n" });
        }
        else if (path.EndsWith("/result", StringComparison.Ordinal))
        {
            await route.FulfillAsync(new() { ContentType = "image/webp", BodyBytes = _result });
        }
        else if (route.Request.Method == "DELETE")
        {
            await route.FulfillAsync(new() { Status = 204 });
        }
        else
        {
            await JsonAsync(route, Artwork(parts[2], _failing.ContainsKey(parts[2]) ? "failed" : "succeeded"), 200);
        }
    }

    private Dictionary<string, object> Artwork(string id, string status)
    {
        Dictionary<string, object> artwork = new()
        {
            ["id"] = id, ["artworkType"] = "remove_background",
            ["parameters"] = new { imageUrl = "data:image/jpeg", webhook = (string?)null, outputFormat = "webp" },
            ["duration"] = 0.5,
            ["results"] = status == "succeeded" ? new[] { "https://storage.example.com/result" } : [],
            ["status"] = status, ["createdAt"] = "2026-11-22T15:51:28.071Z",
        };
        if (status == "failed") artwork["error"] = new { code = _failing[id], message = Message };
        return artwork;
    }

    private Task JsonAsync(IRoute route, object body, int status) => route.FulfillAsync(new()
    {
        Status = status, ContentType = "application/json", Body = JsonSerializer.Serialize(body),
        Headers = new Dictionary<string, string> { ["RemoveBg-Confidence"] =
            Confidence.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture) },
    });
}
