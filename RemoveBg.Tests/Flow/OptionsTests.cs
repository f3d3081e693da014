using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Options beyond the cut-out, end to end.</summary>
public sealed class OptionsTests
{
    private RunningHost _host = null!;
    private Caller _caller = null!;
    private string _photo = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _host = await RunningHost.StartAsync();
        _caller = await Caller.StartAsync();
        _photo = _caller.Serve(Repo.Sample("scene-toycar.jpg"));
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _host.DisposeAsync();
        await _caller.DisposeAsync();
    }

    [Test]
    public async Task Without_options_the_parameters_are_three()
    {
        var (artwork, _) = await CutOutAsync(new { imageUrl = _photo });
        Assert.That(Names(artwork.GetProperty("parameters")),
            Is.EqualTo(new[] { "imageUrl", "webhook", "outputFormat" }));
    }

    [Test]
    public async Task Given_options_follow_the_three_parameters()
    {
        var (artwork, _) = await CutOutAsync(new { size = 200, imageUrl = _photo, crop = true, cropMargin = "5%" });
        Assert.That(Names(artwork.GetProperty("parameters")),
            Is.EqualTo(new[] { "imageUrl", "webhook", "outputFormat", "crop", "cropMargin", "size" }));
        Assert.That(artwork.GetProperty("parameters").GetProperty("size").GetInt32(), Is.EqualTo(200));
    }

    [Test]
    public async Task A_crop_is_smaller_than_the_photo_and_starts_at_the_subject()
    {
        var full = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png" })).Picture;
        var cropped = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", crop = true })).Picture;
        Assert.That(cropped.Width * cropped.Height, Is.LessThan(full.Width * full.Height * 0.9));
        Assert.That(Enumerable.Range(0, cropped.Width).Any(x => cropped.Alpha(x, 0) > 12), Is.True);
    }

    [TestCase("png", 0)]
    [TestCase("webp", 8)]
    public async Task A_background_colour_makes_the_result_opaque(string format, int tolerance)
    {
        var picture =
            (await CutOutAsync(new { imageUrl = _photo, outputFormat = format, background = "#00ff00" })).Picture;
        var corner = picture[2, 2];
        Assert.That(picture.MeanAlpha(), Is.EqualTo(1));
        Assert.That(new int[] { corner.R, corner.G, corner.B }, Is.EqualTo(new[] { 0, 255, 0 }).Within(tolerance));
    }

    [Test]
    public async Task A_background_image_is_downloaded_and_an_uploaded_one_is_deleted_with_the_artwork()
    {
        var fetched = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png",
            background = _caller.Serve(Repo.Sample("scene-mug.jpg")) })).Picture;
        Assert.That(fetched.MeanAlpha(), Is.EqualTo(1));

        var (artwork, inline) =
            await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", background = DataUri("scene-mug.jpg") });
        Assert.That(inline[2, 2], Is.EqualTo(fetched[2, 2]));
        Assert.That(artwork.GetProperty("parameters").Text("background"), Is.EqualTo("data:image/jpeg"));
        var stored = new Azure.Storage.Blobs.BlobContainerClient(_host.ConnectionString, "inputs")
            .GetBlobClient($"{Guid.Parse(artwork.Text("id")!):N}_background");
        Assert.That((await stored.ExistsAsync()).Value, Is.True);
        (await _host.Client.DeleteAsync($"/v2/artworks/{artwork.Text("id")}")).Dispose();
        Assert.That((await stored.ExistsAsync()).Value, Is.False);
    }

    [Test]
    public async Task A_background_that_cannot_be_downloaded_fails_the_artwork_and_is_named()
    {
        using var response = await _host.SubmitAsync(new { imageUrl = _photo, background = _caller.Url + "/none.png" });
        var artwork = await _host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
        Assert.That(artwork.GetProperty("error").Text("code"), Is.EqualTo("image_unreachable"));
        Assert.That(artwork.GetProperty("error").Text("message"), Does.StartWith("background: "));
    }

    [TestCase("png")]
    [TestCase("webp")]
    public async Task Channels_alpha_returns_the_matte_as_an_opaque_grey_image(string format)
    {
        var cutOut = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png" })).Picture;
        var mask = (await CutOutAsync(new { imageUrl = _photo, outputFormat = format, channels = "alpha" })).Picture;
        Assert.That((mask.Width, mask.Height), Is.EqualTo((cutOut.Width, cutOut.Height)));
        for (var y = 0; y < mask.Height; y += 7)
            for (var x = 0; x < mask.Width; x += 7)
                Assert.That(mask[x, y],
                    Is.EqualTo((cutOut.Alpha(x, y), cutOut.Alpha(x, y), cutOut.Alpha(x, y), (byte)255)));
    }

    [Test]
    public async Task Soft_edges_keep_their_colours_when_the_cut_out_is_downscaled()
    {
        var full = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png" })).Picture;
        var half = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", size = full.Width / 2 })).Picture;
        var differences = new List<double>();
        for (var y = 0; y < half.Height; y++)
            for (var x = 0; x < half.Width; x++)
            {
                if (half.Alpha(x, y) is < 40 or > 215) continue;
                var four = new[] { full[2 * x, 2 * y], full[2 * x + 1, 2 * y], full[2 * x, 2 * y + 1],
                    full[2 * x + 1, 2 * y + 1] };
                if (four.Sum(pixel => pixel.A) is var alpha and > 0)
                    differences.Add(half[x, y].G - four.Sum(pixel => pixel.G * pixel.A) / (double)alpha);
            }
        Assert.That(differences, Has.Count.GreaterThan(300));
        Assert.That(differences.Average(), Is.Zero.Within(2));
    }

    [TestCase(null)]
    [TestCase("10% 0% 80% 100%")]
    public async Task Channels_background_returns_what_the_cut_out_lacks(string? roi)
    {
        var photo = Picture.Read(Repo.Sample("scene-toycar.jpg"));
        var cutOut = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", roi })).Picture;
        var rest = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", roi,
            channels = "background" })).Picture;
        Assert.That((rest.Width, rest.Height), Is.EqualTo((photo.Width, photo.Height)));
        var errors = new List<double>();
        for (var y = 0; y < photo.Height; y += 3)
            for (var x = 0; x < photo.Width; x += 3)
            {
                var (front, behind) = (cutOut[x, y], rest[x, y]);
                Assert.That(front.A + behind.A, Is.EqualTo(255), $"alpha at {x}, {y}");
                errors.Add(Math.Abs((front.G * front.A + behind.G * behind.A) / 255.0 - photo[x, y].G));
            }
        // Both together are the photo, but for colours that would be outside their range.
        Assert.That(errors.Average(), Is.LessThan(0.1));
        Assert.That(errors.Count(error => error > 2), Is.LessThan(errors.Count / 500));
    }

    [Test]
    public async Task A_blurred_background_covers_the_result_and_keeps_the_subject()
    {
        var cutOut = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png" })).Picture;
        var (artwork, blurred) = await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", background = "blur",
            backgroundBlur = 80 });
        Assert.That(Names(artwork.GetProperty("parameters")),
            Is.EqualTo(new[] { "imageUrl", "webhook", "outputFormat", "background", "backgroundBlur" }));
        Assert.That(blurred.MeanAlpha(), Is.EqualTo(1));
        for (var y = 0; y < cutOut.Height; y += 3)
            for (var x = 0; x < cutOut.Width; x += 3)
                if (cutOut.Alpha(x, y) == 255) Assert.That(blurred[x, y], Is.EqualTo(cutOut[x, y]), $"at {x}, {y}");
        var photo = Picture.Read(Repo.Sample("scene-toycar.jpg"));
        Assert.That(Roughness(blurred, cutOut), Is.LessThan(Roughness(photo, cutOut) / 2));
    }

    [TestCase("crop")]
    [TestCase("scale")]
    [TestCase("roi")]
    public async Task A_blurred_background_covers_an_arranged_result(string option)
    {
        var (_, picture) = await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", background = "blur",
            size = 300, crop = option == "crop" ? true : (bool?)null, cropMargin = option == "crop" ? "500px" : null,
            scale = option == "scale" ? "40%" : null, roi = option == "roi" ? "0% 0% 60% 100%" : null });
        Assert.That(picture.MeanAlpha(), Is.EqualTo(1));
        Assert.That(Math.Max(picture.Width, picture.Height), Is.EqualTo(300));
    }

    /// <summary>Mean difference of neighbours where there is no subject.</summary>
    private static double Roughness(Picture picture, Picture cutOut)
    {
        var differences = new List<int>();
        for (var y = 0; y < picture.Height; y += 2)
            for (var x = 1; x < picture.Width; x++)
                if (cutOut.Alpha(x, y) == 0 && cutOut.Alpha(x - 1, y) == 0)
                    differences.Add(Math.Abs(picture[x, y].G - picture[x - 1, y].G));
        return differences.Average();
    }

    [Test]
    public async Task A_shadow_adds_to_the_alpha()
    {
        var plain = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png" })).Picture;
        var shaded = (await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", shadow = true })).Picture;
        Assert.That(shaded.MeanAlpha(), Is.GreaterThan(plain.MeanAlpha() + 0.005));
    }

    [Test]
    public async Task A_model_can_be_named()
    {
        using var folder = new TemporaryFolder();
        LopsidedNetwork.WrittenTo(folder.Path);
        System.IO.File.Copy(Path.Combine(Repo.Root, "models", "removebg.onnx"),
            Path.Combine(folder.Path, "removebg.onnx"));
        await using var host = await RunningHost.StartAsync(services: services =>
            services.AddSingleton(LopsidedNetwork.Catalog("removebg", folder.Path)));
        using var shipped = await host.SubmitAsync(new { imageUrl = _photo, outputFormat = "png", channels = "alpha" },
            ("Prefer", "wait=30"));
        using var named = await host.SubmitAsync(new { imageUrl = _photo, outputFormat = "png", channels = "alpha",
            model = "u2netp" }, ("Prefer", "wait=30"));
        var (first, second) = (await shipped.JsonAsync(), await named.JsonAsync());
        Assert.That(second.Text("status"), Is.EqualTo("succeeded"));
        Assert.That(second.GetProperty("parameters").Text("model"), Is.EqualTo("u2netp"));
        Assert.That(await DownloadAsync(second), Is.Not.EqualTo(await DownloadAsync(first)));
    }

    [Test]
    public async Task The_operator_sets_which_models_are_offered()
    {
        await using var host =
            await RunningHost.StartAsync(new() { ["RemoveBg:Model:Offered"] = "none" }, takesWork: false);
        using var response = await host.SubmitAsync(new { imageUrl = _photo, model = "removebg" });
        Assert.That((await response.JsonAsync()).Text("message"), Is.EqualTo("model must be one of auto."));
    }

    [Test]
    public async Task A_photo_without_a_subject_fails_if_one_is_required_and_else_is_empty()
    {
        var blank = _caller.ServePage("/blank.png",
            context => context.Response.Body.WriteAsync(PngFile.Blank(64, 48)).AsTask());
        using var response = await _host.SubmitAsync(new { imageUrl = blank, requireForeground = true });
        var failed = await _host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
        Assert.That(failed.GetProperty("error").Text("code"), Is.EqualTo("no_foreground"));
        Assert.That((await CutOutAsync(new { imageUrl = blank })).Picture.MeanAlpha(), Is.LessThan(0.1));
    }

    [Test]
    public async Task A_photo_may_be_uploaded_in_a_form()
    {
        using var form = new MultipartFormDataContent { { File("scene-toycar.jpg"), "image", "car.jpg" },
            { new StringContent("png"), "outputFormat" }, { new StringContent("300"), "size" } };
        using var response = await _host.Client.PostAsync("/v2/artworks/remove-background", form);
        var accepted = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), accepted.ToString());
        Assert.That(accepted.GetProperty("parameters").Text("imageUrl"), Is.EqualTo("data:image/jpeg"));
        var artwork = await _host.UntilEndedAsync(accepted.Text("id")!);
        var picture = Picture.Read(await DownloadAsync(artwork));
        Assert.That(Math.Max(picture.Width, picture.Height), Is.EqualTo(300));
    }

    [Test]
    public async Task A_form_of_several_photos_makes_an_artwork_of_each_with_its_own_outcome()
    {
        using var form = new MultipartFormDataContent { { File("scene-toycar.jpg"), "images", "car.jpg" },
            { new ByteArrayContent("no image"u8.ToArray()), "images", "notes.txt" },
            { File("scene-mug.jpg"), "images", "mug.jpg" }, { new StringContent("200"), "size" } };
        using var response = await _host.Client.PostAsync("/v2/artworks/batch", form);
        var accepted = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), accepted.ToString());
        var ended = new List<JsonElement>();
        foreach (var item in accepted.GetProperty("items").EnumerateArray())
            ended.Add(await _host.UntilEndedAsync(item.Text("id")!));
        Assert.That(ended.Select(artwork => artwork.Text("status")),
            Is.EqualTo(new[] { "succeeded", "failed", "succeeded" }));
        Assert.That(ended.Select(artwork => artwork.GetProperty("parameters").GetProperty("size").GetInt32()),
            Is.All.EqualTo(200));
    }

    [TestCase(0, "1 to 50 files with the name images")]
    [TestCase(51, "1 to 50 files with the name images")]
    public async Task A_form_batch_has_1_to_50_files(int count, string message)
    {
        using var form = new MultipartFormDataContent { { new StringContent("200"), "size" } };
        for (var i = 0; i < count; i++) form.Add(new ByteArrayContent([1]), "images", $"{i}.jpg");
        using var response = await _host.Client.PostAsync("/v2/artworks/batch", form);
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain(message));
    }

    [Test]
    public async Task A_form_without_a_photo_and_a_truncated_form_get_400()
    {
        using var empty = await _host.Client.PostAsync("/v2/artworks/remove-background",
            new MultipartFormDataContent { { new StringContent("png"), "outputFormat" } });
        Assert.That((await empty.JsonAsync()).Text("message"), Does.StartWith("imageUrl is required"));
        var broken = new ByteArrayContent(
            "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nabc"u8.ToArray());
        broken.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        using var response = await _host.Client.PostAsync("/v2/artworks/remove-background", broken);
        Assert.That(((int)response.StatusCode, (await response.JsonAsync()).Text("message")),
            Is.EqualTo((400, "The body is not a complete form (multipart/form-data with a boundary, or "
            + "application/x-www-form-urlencoded).")));
    }

    [Test]
    public async Task A_form_with_too_many_fields_gets_an_error_about_fields_and_not_size()
    {
        using var form = new MultipartFormDataContent();
        for (var i = 0; i <= 100; i++) form.Add(new StringContent("png"), $"field{i}");
        using var response = await _host.Client.PostAsync("/v2/artworks/remove-background", form);
        Assert.That(((int)response.StatusCode, (await response.JsonAsync()).Text("message")),
            Is.EqualTo((400, "The form must have at most 100 fields, with the names in the documentation.")));
    }

    [Test]
    public async Task A_form_over_16_MiB_gets_400()
    {
        using var form =
            new MultipartFormDataContent { { new ByteArrayContent(new byte[16 * 1024 * 1024]), "image", "large.jpg" } };
        using var response = await _host.Client.PostAsync("/v2/artworks/remove-background", form);
        Assert.That(((int)response.StatusCode, (await response.JsonAsync()).Text("message")!),
            Is.EqualTo((400, "The body must not exceed 16,777,216 bytes (16 MiB).")));
    }

    [Test]
    public async Task A_batch_is_accepted_in_order_and_once_for_each_idempotency_key()
    {
        var body =
            new { artworks = new object[] { new { imageUrl = _photo }, new { imageUrl = _photo, crop = true } } };
        var first = await BatchAsync(body, "batch-1");
        var second = await BatchAsync(body, "batch-1");
        Assert.That(first, Has.Count.EqualTo(2));
        Assert.That(first.Select(item => item.Text("id")), Is.EqualTo(second.Select(item => item.Text("id"))));
        Assert.That(first[1].GetProperty("parameters").TryGetProperty("crop", out _), Is.True);
        foreach (var item in first)
            Assert.That((await _host.UntilEndedAsync(item.Text("id")!)).Text("status"), Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task Each_artwork_of_a_batch_counts_against_the_rate()
    {
        using var client = _host.ClientWith(await _host.AddKeyAsync("batcher", ratePerMinute: 1, burst: 3));
        Task<HttpResponseMessage> Send(int count) => client.PostAsync("/v2/artworks/batch",
            new StringContent(JsonSerializer.Serialize(new { artworks = Enumerable.Repeat(
                new { imageUrl = "http://127.0.0.1:9/a" }, count) }), Encoding.UTF8, "application/json"));
        using var tooMany = await Send(4);
        Assert.That(((int)tooMany.StatusCode, (await tooMany.JsonAsync()).Text("message")),
            Is.EqualTo((400, "The request has 4 artworks; this key may submit at most 3 at once.")));
        using var accepted = await Send(2);
        Assert.That((int)accepted.StatusCode, Is.EqualTo(202));
        using var refused = await Send(2);
        Assert.That((int)refused.StatusCode, Is.EqualTo(429));
    }

    [Test]
    public async Task Events_report_each_status_until_the_end()
    {
        var held = _caller.ServeHeld(Repo.Sample("scene-toycar.jpg"));
        using var submitted = await _host.SubmitAsync(new { imageUrl = held.Url });
        var id = (await submitted.JsonAsync()).Text("id")!;
        using var response =
            await _host.Client.GetAsync($"/v2/artworks/{id}/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        var seen = new List<(string Type, JsonElement Artwork)>();
        await foreach (var item in System.Net.ServerSentEvents.SseParser.Create(
            await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            seen.Add((item.EventType, JsonDocument.Parse(item.Data).RootElement));
            held.Answer.TrySetResult();
        }
        Assert.That(seen.Select(item => item.Type), Is.All.EqualTo("status"));
        Assert.That(seen[^1].Artwork.Text("status"), Is.EqualTo("succeeded"));
        Assert.That(seen.Select(item => item.Artwork.Text("status")), Is.Unique);
        Assert.That(seen[^1].Artwork.GetRawText(), Is.EqualTo((await _host.ReadAsync(id)).GetRawText()));
    }

    [Test]
    public async Task Events_of_an_unknown_artwork_get_404()
    {
        using var response = await _host.Client.GetAsync($"/v2/artworks/{Guid.NewGuid()}/events");
        Assert.That((int)response.StatusCode, Is.EqualTo(404));
    }

    private async Task<List<JsonElement>> BatchAsync(object body, string idempotencyKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/artworks/batch") {
            Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await _host.Client.SendAsync(request);
        var answer = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), answer.ToString());
        return [.. answer.GetProperty("items").EnumerateArray()];
    }

    private async Task<(JsonElement Artwork, Picture Picture)> CutOutAsync(object body)
    {
        using var response = await _host.SubmitAsync(body);
        var accepted = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), accepted.ToString());
        var artwork = await _host.UntilEndedAsync(accepted.Text("id")!);
        Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"), artwork.ToString());
        return (artwork, Picture.Read(await DownloadAsync(artwork)));
    }

    private static async Task<byte[]> DownloadAsync(JsonElement artwork)
    {
        using var client = new HttpClient();
        return await client.GetByteArrayAsync(artwork.GetProperty("results")[0].GetString());
    }

    private static IEnumerable<string> Names(JsonElement element) =>
        element.EnumerateObject().Select(property => property.Name);

    private static ByteArrayContent File(string sample)
    {
        var content = new ByteArrayContent(System.IO.File.ReadAllBytes(Repo.Sample(sample)));
        content.Headers.ContentType = new("image/jpeg");
        return content;
    }

    private static string DataUri(string sample) =>
        "data:image/jpeg;base64," + Convert.ToBase64String(System.IO.File.ReadAllBytes(Repo.Sample(sample)));
}
