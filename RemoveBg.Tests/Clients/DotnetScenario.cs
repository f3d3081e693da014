using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RemoveBg.Client;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Clients;

/// <summary>Goes through the behaviours of clients/README.md with <see cref="RemoveBgClient"/>. Its lines are those of
/// the scenarios in Python and JavaScript: ok or FAILED, and the behaviour's name.</summary>
internal sealed class DotnetScenario(string url, string key, string secret, string photoUrl, string standIn)
    : IDisposable
{
    private static readonly Options Png = new() { OutputFormat = OutputFormat.Png, Size = 64 };

    private readonly RemoveBgClient _client = new(url, key);
    private readonly List<string> _lines = [];

    private static string PhotoFile => Repo.Sample("scene-toycar.jpg");

    private static Photo File => Photo.FromFile(PhotoFile);

    private Photo Url => Photo.FromUrl(photoUrl);

    public async Task<IReadOnlyList<string>> RunAsync()
    {
        await SubmissionsAsync();
        await DownloadsAsync();
        await ManagementAsync();
        await WebhooksAsync();
        await TroubleAsync();
        await WaitsAsync();
        return _lines;
    }

    public void Dispose() => _client.Dispose();

    private async Task SubmissionsAsync()
    {
        await BehaviourAsync("submit-file", () => CutOutAsync(File));
        await BehaviourAsync("submit-bytes", async () =>
            await CutOutAsync(Photo.FromBytes(await System.IO.File.ReadAllBytesAsync(PhotoFile))));
        await BehaviourAsync("submit-stream", async () =>
        {
            using var stream = System.IO.File.OpenRead(PhotoFile);
            await CutOutAsync(Photo.FromStream(stream));
        });
        await BehaviourAsync("submit-url", () => CutOutAsync(Url));
        await BehaviourAsync("options", async () =>
        {
            var options = new Options { OutputFormat = OutputFormat.Png, Crop = true, CropMargin = "10%",
                Background = "#fff", Shadow = false, Megapixels = 0.5, Size = 64, Roi = "0% 0% 100% 100%",
                Channels = Channels.Rgba, Model = "removebg", RequireForeground = true };
            foreach (var photo in new[] { File, Url })
            {
                var parameters = (await _client.SubmitAsync(photo, options)).Parameters;
                Expect(parameters.Text("outputFormat") == "png" && parameters.GetProperty("crop").GetBoolean()
                    && parameters.Text("cropMargin") == "10%" && parameters.Text("background") == "#fff"
                    && !parameters.GetProperty("shadow").GetBoolean() && parameters.GetProperty("size").GetInt32() == 64
                    && parameters.GetProperty("megapixels").GetDouble() == 0.5
                    && parameters.Text("roi") == "0% 0% 100% 100%" && parameters.Text("channels") == "rgba"
                    && parameters.Text("model") == "removebg"
                    && parameters.GetProperty("requireForeground").GetBoolean(), parameters);
            }
        });
        await BehaviourAsync("background-file", async () =>
        {
            var artwork = await CutOutAsync(Url, Png with { BackgroundImage = File });
            Expect(artwork.Parameters.TryGetProperty("background", out _), artwork);
        });
        await BehaviourAsync("prefer-wait", async () =>
        {
            var artwork = await SubmitAndWaitAsync();
            Expect(artwork.Status == ArtworkStatus.Succeeded, artwork);
        });
        await BehaviourAsync("own-idempotency-key", async () =>
        {
            var one = await _client.SubmitAsync(Url, Png, idempotencyKey: "dotnet-1");
            var two = await _client.SubmitAsync(Url, Png, idempotencyKey: "dotnet-1");
            var other = await _client.SubmitAsync(Url, Png);
            Expect(one.Id == two.Id && one.Id != other.Id, (one, two, other));
        });
        await BehaviourAsync("batch-urls", async () =>
        {
            var artworks =
                await _client.SubmitBatchAsync([(Url, Png), (Url, new Options { OutputFormat = OutputFormat.Webp })]);
            var formats = string.Join(',', artworks.Select(artwork => artwork.Parameters.Text("outputFormat")));
            Expect(formats == "png,webp", formats);
        });
        await BehaviourAsync("batch-files", async () =>
        {
            var text = Photo.FromBytes("This is no image."u8.ToArray());
            var artworks = await _client.SubmitBatchAsync([File, text], Png);
            Expect(IsPng(await _client.DownloadAsync(await _client.WaitAsync(artworks[0].Id))), artworks);
            await RaisesAsync<ArtworkFailedException>(() => _client.WaitAsync(artworks[1].Id));
        });
    }

    private async Task DownloadsAsync()
    {
        await BehaviourAsync("download-file", async () =>
        {
            using var folder = new TemporaryFolder();
            var path = Path.Combine(folder.Path, "cutout.png");
            await _client.DownloadToAsync(await SubmitAndWaitAsync(), path);
            Expect(IsPng(await System.IO.File.ReadAllBytesAsync(path)), path);
            Expect(Directory.GetFiles(folder.Path).Length == 1, Directory.GetFiles(folder.Path));
        });
        await BehaviourAsync("download-stream", async () =>
        {
            var artwork = await SubmitAndWaitAsync();
            using var bytes = new MemoryStream();
            using (var stream = await _client.DownloadStreamAsync(artwork)) await stream.CopyToAsync(bytes);
            var whole = await _client.DownloadAsync(artwork);
            Expect(bytes.ToArray().SequenceEqual(whole), artwork);
        });
        await BehaviourAsync("retry-download", async () =>
        {
            using var storing = StandIn("storing");
            var downloaded = Encoding.UTF8.GetString(await storing.DownloadAsync(await storing.ReadAsync("1")));
            Expect(downloaded == "0123456789", downloaded);
        });
    }

    private async Task ManagementAsync()
    {
        await BehaviourAsync("watch", async () =>
        {
            var seen = new List<Artwork>();
            await foreach (var artwork in _client.WatchAsync((await _client.SubmitAsync(File, Png)).Id))
                seen.Add(artwork);
            Expect(seen[^1].Status == ArtworkStatus.Succeeded, seen);
        });
        await BehaviourAsync("cancel", async () =>
        {
            var artwork = await _client.SubmitAsync(Photo.FromUrl($"{standIn}/held.jpg"));
            Expect((await _client.CancelAsync(artwork.Id)).Status == ArtworkStatus.Canceled, artwork);
            var failure = await RaisesAsync<ArtworkFailedException>(() => _client.WaitAsync(artwork.Id));
            Expect(failure.Code == "canceled", failure);
        });
        await BehaviourAsync("delete", async () =>
        {
            var artwork = await SubmitAndWaitAsync();
            await _client.DeleteAsync(artwork.Id);
            Expect((await RaisesAsync<ApiException>(() => _client.ReadAsync(artwork.Id))).Status == 404, artwork);
        });
        await BehaviourAsync("retry-delete", async () =>
        {
            using var deleting = StandIn("deleting");
            await deleting.DeleteAsync("1");
        });
        await BehaviourAsync("list", async () =>
        {
            var listed = new List<string>();
            await foreach (var artwork in _client.ListAsync(pageSize: 2)) listed.Add(artwork.Id);
            Expect(listed.Count > 4 && listed.Distinct().Count() == listed.Count, listed);
            await foreach (var artwork in _client.ListAsync(ArtworkStatus.Canceled))
                Expect(artwork.Status == ArtworkStatus.Canceled, artwork);
        });
    }

    private async Task WebhooksAsync()
    {
        await BehaviourAsync("test-webhook", async () =>
        {
            var report = await _client.TestWebhookAsync($"{standIn}/webhook");
            Expect(report is { Outcome: "delivered", StatusCode: 200, Sent.Status: ArtworkStatus.Succeeded }, report);
        });
        await BehaviourAsync("deliveries", async () =>
        {
            var artwork = await _client.SubmitAsync(File, new() { Size = 64, Webhook = $"{standIn}/webhook" },
                wait: TimeSpan.FromMinutes(1));
            Deliveries deliveries = null!;
            await Eventually.HoldsAsync(async () =>
                (deliveries = await _client.ListDeliveriesAsync(artwork.Id)).Status == "delivered", "it is delivered");
            Expect(deliveries.Items[0].Outcome == "delivered", deliveries);
            Expect((await _client.RedeliverAsync(artwork.Id)).WebhookId == deliveries.WebhookId, deliveries);
        });
        await BehaviourAsync("webhook-genuine", async () =>
        {
            var (headers, body) = await DeliveryAsync();
            Expect(RemoveBgClient.VerifyWebhook(secret, headers, body).Status == ArtworkStatus.Succeeded, headers);
        });
        await BehaviourAsync("webhook-forged", async () =>
        {
            var (headers, body) = await DeliveryAsync();
            var wrong = "whsec_" + Convert.ToBase64String(new byte[32]);
            Refuses(() => RemoveBgClient.VerifyWebhook(secret, headers, [.. body, (byte)' ']));
            Refuses(() => RemoveBgClient.VerifyWebhook(wrong, headers, body));
            Refuses(() => RemoveBgClient.VerifyWebhook(secret, [], body));
            foreach (var empty in new[] { "", "whsec_" })
                Assert.That(() => RemoveBgClient.VerifyWebhook(empty, headers, body), Throws.TypeOf<FormatException>());
        });
        await BehaviourAsync("webhook-rotated", async () =>
        {
            var (headers, body) = await DeliveryAsync();
            headers["webhook-signature"] = $"v1,AAAA v2,x {headers["webhook-signature"]}";
            RemoveBgClient.VerifyWebhook(secret, headers, body);
        });
        await BehaviourAsync("webhook-old", async () =>
        {
            var (headers, body) = await DeliveryAsync();
            var sent = DateTimeOffset.FromUnixTimeSeconds(
                long.Parse(headers["webhook-timestamp"], System.Globalization.CultureInfo.InvariantCulture));
            RemoveBgClient.VerifyWebhook(secret, headers, body, now: sent.AddSeconds(299));
            Refuses(() => RemoveBgClient.VerifyWebhook(secret, headers, body, now: sent.AddSeconds(301)));
            Refuses(() => RemoveBgClient.VerifyWebhook(secret, headers, body, now: sent.AddSeconds(-301)));
        });
    }

    private async Task TroubleAsync()
    {
        await BehaviourAsync("api-error", async () =>
        {
            var error = await RaisesAsync<ApiException>(() => _client.SubmitAsync(Url, new() { Scale = "5%" }));
            Expect(error is { Status: 400, Attempts: 1 } && error.Message.Contains("scale", StringComparison.Ordinal)
                && error.Traceparent!.StartsWith("00-", StringComparison.Ordinal), error);
        });
        await BehaviourAsync("retry-429", async () =>
        {
            var watch = Stopwatch.StartNew();
            await AcceptsAsync("busy", Url);
            Expect(watch.Elapsed >= TimeSpan.FromSeconds(0.99), "Retry-After: 1 was not honoured");
        });
        await BehaviourAsync("retry-500", () => AcceptsAsync("failing", File));
        await BehaviourAsync("retry-503", async () =>
        {
            using var unavailable = StandIn("unavailable");
            var artworks = await unavailable.SubmitBatchAsync([File]);
            Expect(artworks.Single().Status == ArtworkStatus.Starting, artworks);
        });
        await BehaviourAsync("retry-connection", async () =>
        {
            using var stream = System.IO.File.OpenRead(PhotoFile);
            await AcceptsAsync("closing", Photo.FromStream(stream));
        });
        await BehaviourAsync("retry-gives-up", async () =>
        {
            using var patient = StandIn("patient");
            var error = await RaisesAsync<ApiException>(() => patient.SubmitAsync(Url));
            Expect(error is { Status: 429, Attempts: 1 } && error.RetryAfter == TimeSpan.FromHours(1), error);
            using var hopeless = new RemoveBgClient($"{standIn}/hopeless", key, retries: 1);
            error = await RaisesAsync<ApiException>(() => hopeless.SubmitAsync(Url));
            Expect(error is { Status: 503, Message: "Service Unavailable", Attempts: 2 }, error);
        });
    }

    private async Task WaitsAsync()
    {
        await BehaviourAsync("wait-polls", async () =>
        {
            var watch = Stopwatch.StartNew();
            using var polling = StandIn("polling");
            Expect((await polling.WaitAsync("1")).Status == ArtworkStatus.Succeeded, "not ended");
            Expect(watch.Elapsed >= TimeSpan.FromSeconds(2.99), "Retry-After: 3 was not honoured");
        });
        await BehaviourAsync("wait-broken-stream", async () =>
        {
            using var breaking = StandIn("breaking");
            Expect((await breaking.WaitAsync("1")).Status == ArtworkStatus.Succeeded, "not ended");
        });
        await BehaviourAsync("wait-timeout", async () =>
        {
            using var endless = StandIn("endless");
            await RaisesAsync<WaitTimeoutException>(() => endless.WaitAsync("1", TimeSpan.FromSeconds(0.5)));
        });
        await BehaviourAsync("artwork-failed", async () =>
        {
            using var broken = StandIn("broken");
            var failure = await RaisesAsync<ArtworkFailedException>(() => broken.WaitAsync("1"));
            Expect(failure is { Code: "image_timeout", Message: "Too slow." }, failure);
        });
        await BehaviourAsync("cancellation", async () =>
        {
            using var endless = StandIn("endless");
            using var stop = new CancellationTokenSource();
            var waiting = endless.WaitAsync("1", cancellationToken: stop.Token);
            await stop.CancelAsync();
            await RaisesAsync<OperationCanceledException>(() => waiting);
            using var silent = StandIn("silent");
            using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(0.2), TimeProvider.System);
            await RaisesAsync<OperationCanceledException>(() => silent.SubmitAsync(Url, cancellationToken: soon.Token));
        });
    }

    private RemoveBgClient StandIn(string name) => new($"{standIn}/{name}", key);

    private async Task<Artwork> CutOutAsync(Photo photo, Options? options = null)
    {
        var artwork = await _client.WaitAsync((await _client.SubmitAsync(photo, options ?? Png)).Id);
        Expect(IsPng(await _client.DownloadAsync(artwork)), artwork);
        return artwork;
    }

    private Task<Artwork> SubmitAndWaitAsync() => _client.SubmitAsync(File, Png, wait: TimeSpan.FromMinutes(1));

    private async Task AcceptsAsync(string name, Photo photo)
    {
        using var client = StandIn(name);
        var artwork = await client.SubmitAsync(photo);
        Expect(artwork.Status == ArtworkStatus.Starting, artwork);
    }

    /// <returns>Headers and body of a sample webhook.</returns>
    private async Task<(Dictionary<string, string> Headers, byte[] Body)> DeliveryAsync()
    {
        await _client.TestWebhookAsync($"{standIn}/webhook");
        using var http = new HttpClient();
        var last = await http.GetFromJsonAsync<JsonElement>($"{standIn}/last-webhook");
        return (last.GetProperty("headers").Deserialize<Dictionary<string, string>>()!,
            last.GetProperty("body").GetBytesFromBase64());
    }

    private async Task BehaviourAsync(string name, Func<Task> check)
    {
        try
        {
            await check();
            _lines.Add($"ok {name}");
        }
        catch (Exception failure)
        {
            _lines.Add($"FAILED {name} {failure}");
        }
    }

    private static void Expect(bool condition, object seen)
    {
        if (!condition) throw new InvalidOperationException($"{seen}");
    }

    private static async Task<T> RaisesAsync<T>(Func<Task> action) where T : Exception
    {
        try
        {
            await action();
        }
        catch (T raised)
        {
            return raised;
        }
        throw new InvalidOperationException($"{typeof(T).Name} was not thrown.");
    }

    private static void Refuses(Action verify) => Assert.That(verify, Throws.TypeOf<WebhookInvalidException>());

    private static bool IsPng(byte[] file) => file is [0x89, 0x50, 0x4E, 0x47, ..];
}
