using Microsoft.Playwright;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Page;

/// <summary>The documentation's pictures of the page. With REMOVEBG_KEEP_SCREENS=1 they are taken anew; else each is
/// compared with the page as it is, so tolerantly that another system's fonts are no difference.</summary>
public sealed class ScreenshotTests
{
    /// <summary>Columns of the reduced pictures that are compared.</summary>
    private const int Columns = 40;

    /// <summary>Largest mean difference of a channel, and largest share of cells that differ by more than 48 of
    /// 255.</summary>
    private const double MostOnAverage = 8, MostCells = 0.06;

    private static readonly bool s_isKept = Environment.GetEnvironmentVariable("REMOVEBG_KEEP_SCREENS") == "1";

    private Browser _browser = null!;
    private RunningHost _host = null!;
    private Caller _caller = null!;
    private string _photos = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _browser = await Browser.StartAsync();
        _host = await RunningHost.StartAsync();
        _caller = await Caller.StartAsync();
        var ids = new List<string>();
        foreach (var name in new[] { "mug", "toycar", "glass", "chair", "fur" })
        {
            var photo = await File.ReadAllBytesAsync(Repo.Sample($"scene-{name}.jpg"));
            var url = _caller.ServePage($"/{name}.jpg", context =>
            {
                context.Response.Headers.AccessControlAllowOrigin = "*";
                return context.Response.Body.WriteAsync(photo).AsTask();
            });
            ids.Add((await _host.CutOutAsync(url, format: "webp")).Text("id")!);
        }
        ids.Add((await _host.CutOutAsync(_caller.Url + "/lamp.jpg")).Text("id")!);
        _photos = string.Join(',', ids);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_browser is null) return;
        await _host.DisposeAsync();
        await _caller.DisposeAsync();
        await _browser.DisposeAsync();
    }

    [TestCase("desktop", "light", "empty")]
    [TestCase("desktop", "light", "result")]
    [TestCase("desktop", "light", "touchup")]
    [TestCase("desktop", "light", "many")]
    [TestCase("desktop", "dark", "background")]
    [TestCase("phone", "light", "empty")]
    [TestCase("phone", "light", "result")]
    [TestCase("phone", "light", "crop")]
    [TestCase("phone", "dark", "background")]
    public async Task The_picture_in_the_documentation_shows_the_page(string device, string theme, string state)
    {
        var (width, height) = device == "phone" ? (390, 844) : (1280, 800);
        var photos = state switch { "empty" => "", "many" => $"#photos={_photos}&shown=1",
            "result" or "touchup" => $"#photos={_photos.Split(',')[0]}", _ => $"#photos={_photos.Split(',')[1]}" };
        await using var page = await StudioPage.OpenAsync(_browser, _host.Client.BaseAddress + photos, width, height,
            theme == "dark" ? ColorScheme.Dark : ColorScheme.Light);
        await ShowAsync(page, state);
        var name = $"page-{device}-{theme}-{state}";
        using var seen = Decode(await page.ScreenshotAsync(name));
        var path = Path.Combine(Repo.Root, "docs", "images", $"{name}.webp");
        if (s_isKept)
        {
            await using var file = File.Create(path);
            seen.Encode(file, SKEncodedImageFormat.Webp, 80);
        }
        Assert.That(new FileInfo(path).Length, Is.LessThan(64 * 1024));
        using var kept = Decode(await File.ReadAllBytesAsync(path));
        Assert.That((kept.Width, kept.Height), Is.EqualTo((seen.Width, seen.Height)));
        var differences = Cells(kept).Zip(Cells(seen), (a, b) => Math.Abs(a - b)).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(differences.Average(), Is.LessThan(MostOnAverage));
            Assert.That(differences.Count(difference => difference > 48) / (double)differences.Count,
                Is.LessThan(MostCells));
        });
    }

    private static async Task ShowAsync(StudioPage page, string state)
    {
        if (state == "empty")
        {
            await page.Page.WaitForFunctionAsync("() => [...document.images].every(image => image.complete)");
            return;
        }
        await page.UntilResultAsync();
        // A press elsewhere, so that no focus ring is in the picture.
        await page.Page.Locator("#name").ClickAsync();
        if (state == "many")
            await Assertions.Expect(page.Page.Locator("#film-words")).ToHaveTextAsync("5 of 6 done1 failed");
        if (state is "background" or "crop")
        {
            await page.OpenPanelAsync("background");
            await page.PickAsync("background", "colour");
            await page.PickAsync("colour", "#b9d3ea");
            await page.Page.ClickAsync("#tool-shadow");
        }
        if (state == "crop")
        {
            await page.OpenPanelAsync("crop");
            await page.PickAsync("shape", "1:1");
            await page.SlideAsync("margin", 12);
        }
        if (state == "touchup")
        {
            await page.OpenPanelAsync("touchup");
            var box = (await page.Page.Locator("#paper").BoundingBoxAsync())!;
            await page.SlideAsync("size", 60);
            await page.Page.Mouse.MoveAsync(box.X + box.Width * 0.42f, box.Y + box.Height * 0.87f);
            await page.Page.Mouse.DownAsync();
            await page.Page.Mouse.MoveAsync(box.X + box.Width * 0.55f, box.Y + box.Height * 0.87f,
                new() { Steps = 6 });
            await page.Page.Mouse.UpAsync();
        }
        if (state is "background" or "many" or "crop") await page.Page.Mouse.MoveAsync(2, 2);
        await page.Page.EvaluateAsync(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }

    private static SKBitmap Decode(byte[] file)
    {
        using var codec = SKCodec.Create(new MemoryStream(file));
        var bitmap = new SKBitmap(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        Assert.That(codec.GetPixels(bitmap.Info, bitmap.GetPixels()), Is.EqualTo(SKCodecResult.Success));
        return bitmap;
    }

    private static IEnumerable<int> Cells(SKBitmap picture)
    {
        var size = new SKImageInfo(Columns, Columns * picture.Height / picture.Width, SKColorType.Rgba8888);
        using var cells = picture.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        foreach (var pixel in cells.Pixels)
        {
            yield return pixel.Red;
            yield return pixel.Green;
            yield return pixel.Blue;
        }
    }
}
