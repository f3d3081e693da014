using System.Collections.Concurrent;
using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>HEIC, AVIF, TIFF and JPEG XL on each way into the service.</summary>
public sealed class SecondFormatTests : OneHostTests
{
    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public async Task A_photo_is_cut_out_by_url_and_the_source_is_told_what_is_decoded(string format)
    {
        var accepts = new ConcurrentQueue<string>();
        var url = Caller.ServePage($"/photo.{format}", context =>
        {
            accepts.Enqueue(context.Request.Headers.Accept.ToString());
            return context.Response.Body.WriteAsync(SecondFiles.Small(format)).AsTask();
        });
        AssertSize(format, await DownloadAsync(await Host.CutOutAsync(url)));
        Assert.That(accepts, Is.All.EqualTo("image/jpeg, image/png, image/webp, image/gif, image/bmp, "
            + "image/avif; q=0.8, image/heic; q=0.8, image/heif; q=0.8, image/jxl; q=0.8, image/tiff; q=0.8, "
            + "*/*; q=0.1").And.Not.Empty);
    }

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public async Task A_photo_is_cut_out_by_data_uri(string format) => AssertSize(format, await DownloadAsync(
        await Host.CutOutAsync($"data:image/{format};base64,{Convert.ToBase64String(SecondFiles.Small(format))}")));

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public async Task A_photo_is_cut_out_by_upload(string format)
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(SecondFiles.Small(format)), "image", $"photo.{format}" },
        };
        using var response = await Host.Client.PostAsync("/v2/artworks/remove-background", form);
        AssertSize(format, await DownloadAsync(
            await Host.UntilEndedAsync((await response.JsonAsync()).Text("id")!)));
    }

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public async Task A_photo_is_cut_out_on_the_drop_in_route(string format)
    {
        using var client = Host.ClientWith(null);
        client.DefaultRequestHeaders.Add("X-Api-Key", Host.Secrets.ApiKey);
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(SecondFiles.Small(format)), "image_file", $"photo.{format}" },
            { new StringContent("full"), "size" },
        };
        using var response = await client.PostAsync("/v1.0/removebg", form);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(200), System.Text.Encoding.UTF8.GetString(bytes));
        AssertSize(format, bytes);
    }

    [Test]
    public async Task A_heic_may_be_the_background()
    {
        var background = Caller.ServePage("/background.heic",
            context => context.Response.Body.WriteAsync(HeifFile.Mug).AsTask());
        using var response = await Host.SubmitAsync(new
        {
            imageUrl = Caller.Serve(Repo.Sample("scene-toycar.jpg")), background, size = 200, outputFormat = "png",
        });
        var artwork = await Host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
        Assert.That(Picture.Read(await DownloadAsync(artwork)).MeanAlpha(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_damaged_heic_fails_for_good_and_the_next_photo_succeeds()
    {
        var url = Caller.ServePage("/damaged.heic",
            context => context.Response.Body.WriteAsync(HeifFile.Mug.AsMemory(0, 900)).AsTask());
        using var response = await Host.SubmitAsync(new { imageUrl = url });
        var failed = await Host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
        Assert.That((failed.GetProperty("error").Text("code"), Caller.Hits("/damaged.heic")),
            Is.EqualTo(("image_corrupt", 1)));
        var good = await Host.CutOutAsync(Caller.Serve(Repo.Sample("scene-toycar.jpg")));
        Assert.That(good.Text("status"), Is.EqualTo("succeeded"));
    }

    private static async Task<byte[]> DownloadAsync(JsonElement artwork)
    {
        Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"), artwork.ToString());
        using var client = new HttpClient();
        return await client.GetByteArrayAsync(artwork.GetProperty("results")[0].GetString());
    }

    private static void AssertSize(string format, byte[] result)
    {
        var picture = Picture.Read(result);
        Assert.That((picture.Width, picture.Height), Is.EqualTo(format == SecondFiles.Heic ? (160, 106) : (64, 48)));
    }
}
