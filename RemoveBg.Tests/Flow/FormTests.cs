using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Photos in forms, and several at once.</summary>
public sealed class FormTests : OneHostTests
{
    private string _photo = null!;

    [OneTimeSetUp]
    public void ServePhoto() => _photo = Caller.Serve(Repo.Sample("scene-toycar.jpg"));

    [Test]
    public async Task A_photo_may_be_uploaded_in_a_form()
    {
        using var form = new MultipartFormDataContent { { Sample("scene-toycar.jpg"), "image", "car.jpg" },
            { new StringContent("png"), "outputFormat" }, { new StringContent("300"), "size" } };
        using var response = await Host.Client.PostAsync("/v2/artworks/remove-background", form);
        var accepted = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), accepted.ToString());
        Assert.That(accepted.GetProperty("parameters").Text("imageUrl"), Is.EqualTo("data:image/jpeg"));
        var artwork = await Host.UntilEndedAsync(accepted.Text("id")!);
        var picture = Picture.Read(await DownloadAsync(artwork));
        Assert.That(Math.Max(picture.Width, picture.Height), Is.EqualTo(300));
    }

    [Test]
    public async Task A_form_of_several_photos_makes_an_artwork_of_each_with_its_own_outcome()
    {
        using var form = new MultipartFormDataContent { { Sample("scene-toycar.jpg"), "images", "car.jpg" },
            { new ByteArrayContent("no image"u8.ToArray()), "images", "notes.txt" },
            { Sample("scene-mug.jpg"), "images", "mug.jpg" }, { new StringContent("200"), "size" } };
        using var response = await Host.Client.PostAsync("/v2/artworks/batch", form);
        var accepted = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), accepted.ToString());
        var ended = new List<JsonElement>();
        foreach (var item in accepted.GetProperty("items").EnumerateArray())
            ended.Add(await Host.UntilEndedAsync(item.Text("id")!));
        Assert.That(ended.Select(artwork => artwork.Text("status")),
            Is.EqualTo(new[] { "succeeded", "failed", "succeeded" }));
        Assert.That(ended.Select(artwork => artwork.GetProperty("parameters").GetProperty("size").GetInt32()),
            Is.All.EqualTo(200));
    }

    [Test]
    public async Task A_file_that_comes_twice_gets_400()
    {
        using var form = new MultipartFormDataContent { { Sample("scene-toycar.jpg"), "image", "car.jpg" },
            { Sample("scene-mug.jpg"), "image", "mug.jpg" } };
        using var response = await Host.Client.PostAsync("/v2/artworks/remove-background", form);
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
        Assert.That((await response.JsonAsync()).Text("message"), Is.EqualTo("The file 'image' must be given once."));
    }

    [TestCase(0, "1 to 50 files with the name images")]
    [TestCase(51, "1 to 50 files with the name images")]
    public async Task A_form_batch_has_1_to_50_files(int count, string message)
    {
        using var form = new MultipartFormDataContent { { new StringContent("200"), "size" } };
        for (var i = 0; i < count; i++) form.Add(new ByteArrayContent([1]), "images", $"{i}.jpg");
        using var response = await Host.Client.PostAsync("/v2/artworks/batch", form);
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain(message));
    }

    [Test]
    public async Task A_form_without_a_photo_and_a_truncated_form_get_400()
    {
        using var empty = await Host.Client.PostAsync("/v2/artworks/remove-background",
            new MultipartFormDataContent { { new StringContent("png"), "outputFormat" } });
        Assert.That((await empty.JsonAsync()).Text("message"), Does.StartWith("imageUrl is required"));
        var broken = new ByteArrayContent(
            "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nabc"u8.ToArray());
        broken.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        using var response = await Host.Client.PostAsync("/v2/artworks/remove-background", broken);
        Assert.That(((int)response.StatusCode, (await response.JsonAsync()).Text("message")),
            Is.EqualTo((400, "The body is not a complete form (multipart/form-data with a boundary, or "
            + "application/x-www-form-urlencoded).")));
    }

    [Test]
    public async Task A_form_with_too_many_fields_gets_an_error_about_fields_and_not_size()
    {
        using var form = new MultipartFormDataContent();
        for (var i = 0; i <= 100; i++) form.Add(new StringContent("png"), $"field{i}");
        using var response = await Host.Client.PostAsync("/v2/artworks/remove-background", form);
        Assert.That(((int)response.StatusCode, (await response.JsonAsync()).Text("message")),
            Is.EqualTo((400, "The form must have at most 100 fields, with the names in the documentation.")));
    }

    [Test]
    public async Task A_form_over_16_MiB_gets_400()
    {
        using var form =
            new MultipartFormDataContent { { new ByteArrayContent(new byte[16 * 1024 * 1024]), "image", "large.jpg" } };
        using var response = await Host.Client.PostAsync("/v2/artworks/remove-background", form);
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
            Assert.That((await Host.UntilEndedAsync(item.Text("id")!)).Text("status"), Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task Each_artwork_of_a_batch_counts_against_the_rate()
    {
        using var client = Host.ClientWith(await Host.AddKeyAsync("batcher", ratePerMinute: 1, burst: 3));
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

    private async Task<List<JsonElement>> BatchAsync(object body, string idempotencyKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/artworks/batch") {
            Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await Host.Client.SendAsync(request);
        var answer = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), answer.ToString());
        return [.. answer.GetProperty("items").EnumerateArray()];
    }

    private static async Task<byte[]> DownloadAsync(JsonElement artwork)
    {
        using var client = new HttpClient();
        return await client.GetByteArrayAsync(artwork.GetProperty("results")[0].GetString());
    }

    private static ByteArrayContent Sample(string sample)
    {
        var content = new ByteArrayContent(File.ReadAllBytes(Repo.Sample(sample)));
        content.Headers.ContentType = new("image/jpeg");
        return content;
    }
}
