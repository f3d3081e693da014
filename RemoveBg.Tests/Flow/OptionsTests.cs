using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Options beyond the cut-out, end to end.</summary>
public sealed class OptionsTests : OneHostTests
{
    private string _photo = null!;

    [OneTimeSetUp]
    public void ServePhoto() => _photo = Caller.Serve(Repo.Sample("scene-toycar.jpg"));

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
            background = Caller.Serve(Repo.Sample("scene-mug.jpg")) })).Picture;
        Assert.That(fetched.MeanAlpha(), Is.EqualTo(1));

        var (artwork, inline) =
            await CutOutAsync(new { imageUrl = _photo, outputFormat = "png", background = DataUri("scene-mug.jpg") });
        Assert.That(inline[2, 2], Is.EqualTo(fetched[2, 2]));
        Assert.That(artwork.GetProperty("parameters").Text("background"), Is.EqualTo("data:image/jpeg"));
        var stored = new Azure.Storage.Blobs.BlobContainerClient(Host.ConnectionString, "inputs")
            .GetBlobClient($"{Guid.Parse(artwork.Text("id")!):N}_background");
        Assert.That((await stored.ExistsAsync()).Value, Is.True);
        (await Host.Client.DeleteAsync($"/v2/artworks/{artwork.Text("id")}")).Dispose();
        Assert.That((await stored.ExistsAsync()).Value, Is.False);
    }

    [Test]
    public async Task A_background_that_cannot_be_downloaded_fails_the_artwork_and_is_named()
    {
        using var response = await Host.SubmitAsync(new { imageUrl = _photo, background = Caller.Url + "/none.png" });
        var artwork = await Host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
        Assert.That(artwork.GetProperty("error").Text("code"), Is.EqualTo("image_unreachable"));
        Assert.That(artwork.GetProperty("error").Text("message"), Does.StartWith("background: "));
    }

    [Test]
    public async Task A_background_that_cannot_be_decoded_fails_the_artwork_and_is_named()
    {
        var half = (await File.ReadAllBytesAsync(Repo.Sample("scene-mug.jpg")))[..20_000];
        var background = Caller.ServePage("/half.jpg", context => context.Response.Body.WriteAsync(half).AsTask());
        using var response = await Host.SubmitAsync(new { imageUrl = _photo, background });
        var artwork = await Host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
        var error = artwork.GetProperty("error");
        Assert.That((error.Text("code"), error.Text("message")![.."background: ".Length]),
            Is.EqualTo(("image_corrupt", "background: ")), error.ToString());
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
        File.Copy(Path.Combine(Repo.Root, "models", "removebg.onnx"),
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
        var blank = Caller.ServePage("/blank.png",
            context => context.Response.Body.WriteAsync(PngFile.Blank(64, 48)).AsTask());
        using var response = await Host.SubmitAsync(new { imageUrl = blank, requireForeground = true });
        var failed = await Host.UntilEndedAsync((await response.JsonAsync()).Text("id")!);
        Assert.That(failed.GetProperty("error").Text("code"), Is.EqualTo("no_foreground"));
        Assert.That((await CutOutAsync(new { imageUrl = blank })).Picture.MeanAlpha(), Is.LessThan(0.1));
    }

    private async Task<(JsonElement Artwork, Picture Picture)> CutOutAsync(object body)
    {
        using var response = await Host.SubmitAsync(body);
        var accepted = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), accepted.ToString());
        var artwork = await Host.UntilEndedAsync(accepted.Text("id")!);
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

    private static string DataUri(string sample) =>
        "data:image/jpeg;base64," + Convert.ToBase64String(File.ReadAllBytes(Repo.Sample(sample)));
}
