using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The main road with everything real: host, storage, network, HTTP.</summary>
public sealed class SubmitToWebhookTests
{
    private static readonly string[] Fields =
        ["id", "artworkType", "parameters", "duration", "results", "status", "createdAt"];
    private RunningHost _host = null!;
    private Caller _caller = null!;
    private string _photo = null!;

    [SetUp]
    public async Task Start()
    {
        _caller = await Caller.StartAsync();
        _photo = _caller.Serve(Repo.Sample("scene-mug.jpg"));
        _host = await RunningHost.StartAsync(new()
        {
            ["RemoveBg:Webhook:FirstRetryInterval"] = "00:00:01",
            ["RemoveBg:Webhook:BackoffCoefficient"] = "1.5",
            ["RemoveBg:Webhook:Jitter"] = "0",
            ["RemoveBg:Results:UrlLifetime"] = "00:00:20",
        });
    }

    [TearDown]
    public async Task Stop()
    {
        await _host.DisposeAsync();
        await _caller.DisposeAsync();
    }

    [Test]
    public async Task A_post_gets_202_with_exactly_the_artworks_fields()
    {
        using var response =
            await _host.SubmitAsync(new { imageUrl = _photo, webhook = _caller.WebhookUrl, outputFormat = "png" });
        var artwork = await response.JsonAsync();
        var id = artwork.Text("id");
        Assert.Multiple(() =>
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(202));
            Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
            Assert.That(artwork.EnumerateObject().Select(property => property.Name), Is.EqualTo(Fields));
            Assert.That(Guid.TryParse(id, out _), Is.True);
            Assert.That(artwork.Text("artworkType"), Is.EqualTo("remove_background"));
            Assert.That(artwork.GetProperty("parameters").GetRawText(),
                Is.EqualTo($$"""{"imageUrl":"{{_photo}}","webhook":"{{_caller.WebhookUrl}}","outputFormat":"png"}"""));
            Assert.That(artwork.GetProperty("duration").GetRawText(), Is.EqualTo("0"));
            Assert.That(artwork.GetProperty("results").GetRawText(), Is.EqualTo("[]"));
            Assert.That(artwork.Text("status"), Is.EqualTo("starting"));
            Assert.That(artwork.Text("createdAt"), Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"));
            Assert.That(response.Headers.Location!.ToString(), Is.EqualTo($"/v2/artworks/{id}"));
            Assert.That(response.Headers.GetValues("Operation-Location").Single(),
                Is.EqualTo($"{_host.Client.BaseAddress}v2/artworks/{id}"));
            Assert.That(response.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(2)));
            Assert.That(response.Headers.GetValues("RateLimit-Policy").Single(),
                Does.Match("^\"submit\";q=\\d+;w=60$"));
        });
    }

    [Test]
    public async Task The_webhook_equals_a_poll_byte_for_byte_and_has_a_valid_signature()
    {
        var artwork = await _host.CutOutAsync(_photo, _caller.WebhookUrl);
        var delivery = (await _caller.UntilDeliveredAsync(1)).Single();

        // Result URLs are signed for whole steps of time; a poll of another step carries another signature.
        static string WithoutSignature(string json) => Regex.Replace(json, "[?&](se|sig)=[^&\"]*", "");
        Assert.Multiple(() =>
        {
            Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"));
            Assert.That(WithoutSignature(delivery.Text), Is.EqualTo(WithoutSignature(artwork.GetRawText())));
            Assert.That(delivery.ContentType, Is.EqualTo("application/json"));
            Assert.That(delivery.Id,
                Is.EqualTo($"evt_{artwork.Text("id")!.Replace("-", "", StringComparison.Ordinal)}_succeeded"));
            Assert.That(delivery.IsSignedWith(_host.Secrets.WebhookSecret), Is.True);
            Assert.That(artwork.GetProperty("duration").GetDecimal(), Is.GreaterThan(0));
            Assert.That(artwork.GetProperty("duration").GetRawText(), Does.Match(@"^\d+\.\d{1,3}$"));
        });
    }

    [Test]
    public async Task The_result_downloads_without_a_key_and_no_longer_after_its_expiry()
    {
        var artwork = await _host.CutOutAsync(_photo, format: "png");
        var url = artwork.GetProperty("results")[0].GetString()!;
        using var anyone = new HttpClient();
        using (var result = await anyone.GetAsync(url))
        {
            Assert.That(result.Content.Headers.ContentType!.MediaType, Is.EqualTo("image/png"));
            var picture = Picture.Read(await result.Content.ReadAsByteArrayAsync());
            Assert.That((picture.Width, picture.Height), Is.EqualTo((1280, 854)));
            Assert.That(picture.IouWith(Picture.Read(Repo.Sample("scene-mug.alpha.png"))), Is.GreaterThan(0.8));
        }

        // It reads this one blob and does nothing else.
        using var overwriting = new StringContent("x");
        overwriting.Headers.Add("x-ms-blob-type", "BlockBlob");
        using (var write = await anyone.PutAsync(url, overwriting)) Assert.That((int)write.StatusCode, Is.EqualTo(403));
        using (var other = await anyone.GetAsync(url.Replace(".png", ".webp", StringComparison.Ordinal)))
            Assert.That((int)other.StatusCode, Is.EqualTo(403));

        await Eventually.HoldsAsync(async () =>
        {
            using var late = await anyone.GetAsync(url);
            return (int)late.StatusCode == 403;
        }, "the URL has expired");
        Assert.That((await _host.ReadAsync(artwork.Text("id")!)).GetProperty("results")[0].GetString(),
            Is.Not.EqualTo(url), "a poll signs a new one");
    }

    [Test]
    public async Task A_receiver_that_fails_four_times_gets_five_deliveries_of_one_id_with_growing_gaps()
    {
        _caller.OnDelivery = (number, context) =>
        {
            context.Response.StatusCode = number <= 4 ? 500 : 200;
            return Task.CompletedTask;
        };
        var artwork = await _host.CutOutAsync(_photo, _caller.WebhookUrl);
        var deliveries = await _caller.UntilDeliveredAsync(5);
        var id = artwork.Text("id");
        await Eventually.HoldsAsync(async () => (await AttemptsAsync(id!)).Text("status") == "delivered",
            "the fifth attempt is recorded");

        var attempts = (await AttemptsAsync(id!)).GetProperty("items").EnumerateArray().ToList();
        var gaps = deliveries.Zip(deliveries.Skip(1), (a, b) => b.At - a.At).ToList();
        var waits = attempts.Take(4).Select(attempt => Time(attempt, "nextAttemptAt") - Time(attempt, "at")).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(deliveries, Has.Count.EqualTo(5));
            Assert.That(deliveries.Select(delivery => delivery.Id).Distinct().Count(), Is.EqualTo(1));
            Assert.That(deliveries.Select(delivery => delivery.Timestamp).Distinct().Count(), Is.EqualTo(5),
                "each has a timestamp of its own");
            Assert.That(deliveries.All(delivery => delivery.IsSignedWith(_host.Secrets.WebhookSecret)), Is.True);
            Assert.That(waits, Is.Ordered.Ascending);
            Assert.That(waits.Distinct().Count(), Is.EqualTo(4));
            Assert.That(gaps.Zip(waits, (gap, wait) => gap - wait),
                Has.All.GreaterThan(TimeSpan.FromMilliseconds(-250)), "none came before its time");
            Assert.That(attempts.Select(attempt => attempt.Text("outcome")),
                Is.EqualTo(new[] { "failed", "failed", "failed", "failed", "delivered" }));
            Assert.That(attempts.Select(attempt => attempt.GetProperty("statusCode").GetInt32()),
                Is.EqualTo(new[] { 500, 500, 500, 500, 200 }));
        });
    }

    [Test]
    public async Task A_redirect_is_a_failure_and_410_stops_for_good()
    {
        _caller.OnDelivery = (number, context) =>
        {
            context.Response.StatusCode = number == 1 ? 302 : 410;
            context.Response.Headers.Location = _caller.Url + "/elsewhere";
            return Task.CompletedTask;
        };
        var artwork = await _host.CutOutAsync(_photo, _caller.WebhookUrl);
        await Eventually.HoldsAsync(async () => (await AttemptsAsync(artwork.Text("id")!)).Text("status") == "gone",
            "the receiver is gone");
        Assert.That(_caller.Hits("/elsewhere"), Is.Zero);
        Assert.That(_caller.Deliveries, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_redelivery_sends_the_same_id_again()
    {
        var artwork = await _host.CutOutAsync(_photo, _caller.WebhookUrl);
        var id = artwork.Text("id")!;
        await Eventually.HoldsAsync(async () => (await AttemptsAsync(id)).Text("status") == "delivered",
            "it is delivered");
        using (var again = await _host.Client.PostAsync($"/v2/artworks/{id}/webhook-deliveries/redeliver", null))
            Assert.That((int)again.StatusCode, Is.EqualTo(202));
        var deliveries = await _caller.UntilDeliveredAsync(2);
        Assert.That(deliveries[1].Id, Is.EqualTo(deliveries[0].Id));
    }

    [Test]
    public async Task A_failed_artwork_has_its_error_and_sends_its_webhook()
    {
        var artwork = await _host.CutOutAsync(_caller.ServePage("/text",
            context => context.Response.WriteAsync("secret of the intranet")), _caller.WebhookUrl);
        var delivery = (await _caller.UntilDeliveredAsync(1)).Single();
        Assert.Multiple(() =>
        {
            Assert.That(artwork.EnumerateObject().Select(property => property.Name),
                Is.EqualTo(Fields.Append("error")));
            Assert.That(artwork.GetProperty("error").EnumerateObject().Select(property => property.Name),
                Is.EqualTo(new[] { "code", "message" }));
            Assert.That(artwork.GetProperty("error").Text("code"), Is.EqualTo("unsupported_format"));
            Assert.That(artwork.GetRawText(), Does.Not.Contain("secret"));
            Assert.That(delivery.Id, Does.EndWith("_failed"));
            Assert.That(delivery.Text, Is.EqualTo(artwork.GetRawText()));
        });
    }

    [Test]
    public async Task An_image_in_the_request_is_cut_out_and_shown_by_its_type_only()
    {
        var artwork = await _host.CutOutAsync("data:image/jpeg;base64,"
            + Convert.ToBase64String(await File.ReadAllBytesAsync(Repo.Sample("scene-toycar.jpg"))));
        Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"));
        Assert.That(artwork.GetProperty("parameters").Text("imageUrl"), Is.EqualTo("data:image/jpeg"));
    }

    [Test]
    public async Task Prefer_wait_returns_200_with_the_ended_artwork()
    {
        using var response = await _host.SubmitAsync(new { imageUrl = _photo }, ("Prefer", "wait=60"));
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        var artwork = await response.JsonAsync();
        Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"));
        Assert.That(double.Parse(response.Headers.GetValues("RemoveBg-Confidence").Single(),
            System.Globalization.CultureInfo.InvariantCulture), Is.InRange(0.001, 1));
        using var read = await _host.Client.GetAsync($"/v2/artworks/{artwork.Text("id")}");
        Assert.That(read.Headers.GetValues("RemoveBg-Confidence"),
            Is.EqualTo(response.Headers.GetValues("RemoveBg-Confidence")));
    }

    private async Task<JsonElement> AttemptsAsync(string id)
    {
        using var response = await _host.Client.GetAsync($"/v2/artworks/{id}/webhook-deliveries");
        return await response.JsonAsync();
    }

    private static DateTimeOffset Time(JsonElement element, string property) =>
        element.GetProperty(property).GetDateTimeOffset();
}
