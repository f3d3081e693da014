using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

/// <summary>Download, copy, share, and the pipette.</summary>
public sealed partial class StudioTests
{
    /// <summary>Ways to change the picture, one of each tool.</summary>
    private static readonly string[] Looks =
        ["colour", "colour and shadow", "blur", "own picture", "cropped", "touched up"];

    [TestCaseSource(nameof(Looks))]
    public async Task The_download_is_what_is_seen(string look)
    {
        await OpenCarAsync();
        await DressAsync(look);
        var seen = await _page.SeenAsync();
        var (name, file) = await _page.DownloadAsync("png");
        var saved = Picture.Read(file);
        Assert.That(name, Is.EqualTo("toy-car-cutout.png"));
        Assert.That((saved.Width, saved.Height), Is.EqualTo((seen.Width, seen.Height)));
        Assert.That(Difference(seen, saved), Is.LessThanOrEqualTo(2), "largest difference of a channel");
    }

    [Test]
    public async Task The_transparent_download_has_the_services_alpha_and_the_photos_own_colours()
    {
        await OpenCarAsync();
        var (_, file) = await _page.DownloadAsync("png");
        var (saved, photo) = (Picture.Read(file), Picture.Read(Car));
        var result = Picture.Read(await _host.Client.GetByteArrayAsync($"/v2/artworks/{_carId}/result"));
        int alpha = 0, colour = 0, opaque = 0;
        for (var y = 0; y < saved.Height; y++)
            for (var x = 0; x < saved.Width; x++)
            {
                alpha = Math.Max(alpha, Math.Abs(saved.Alpha(x, y) - result.Alpha(x, y)));
                if (saved.Alpha(x, y) < 255) continue;
                opaque++;
                colour = Math.Max(colour, Math.Abs(saved[x, y].G - photo[x, y].G));
            }
        Assert.That(opaque, Is.GreaterThan(5_000));
        Assert.That((alpha, colour <= 3), Is.EqualTo((0, true)), $"alpha differs by {alpha}, colour by {colour}");
    }

    [TestCase("png", (byte)0x89, "toy-car-cutout.png")]
    [TestCase("webp", (byte)'R', "toy-car-cutout.webp")]
    [TestCase("matte", (byte)0x89, "toy-car-matte.png")]
    public async Task The_cut_out_can_be_downloaded_in_each_format(string format, byte firstByte, string expected)
    {
        await OpenCarAsync();
        var (name, file) = await _page.DownloadAsync(format);
        Assert.That(name, Is.EqualTo(expected));
        Assert.That(file[0], Is.EqualTo(firstByte));
        var saved = Picture.Read(file);
        if (format != "matte")
        {
            Assert.That(saved.MeanAlpha(), Is.InRange(0.02, 0.9));
            return;
        }
        Assert.That(saved.MeanAlpha(), Is.EqualTo(1));
        var result = Picture.Read(await _host.Client.GetByteArrayAsync($"/v2/artworks/{_carId}/result"));
        foreach (var (x, y) in new[] { (2, 2), (160, 120), (90, 60) })
            Assert.That((int)saved[x, y].G, Is.EqualTo(result.Alpha(x, y)).Within(1));
    }

    [Test]
    public async Task The_picture_is_copied_as_it_is_seen()
    {
        await Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await OpenCarAsync();
        await DressAsync("colour and shadow");
        var (_, saved) = await _page.DownloadAsync("png");
        await Page.ClickAsync("#copy-picture");
        await Expect("#copy-picture span").ToHaveTextAsync("Copied");
        var copied = await Page.EvaluateAsync<string>("""
            async () => {
              const [item] = await navigator.clipboard.read();
              const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
              return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
            }
            """);
        Assert.That(Difference(Picture.Read(Convert.FromBase64String(copied)), Picture.Read(saved)), Is.Zero);
    }

    /// <summary>The system's dialog stands outside the page.</summary>
    [Test]
    public async Task Share_hands_over_the_picture_as_it_is_seen_or_downloads_it_if_that_is_not_allowed()
    {
        await Page.AddInitScriptAsync("""
            navigator.canShare = () => true;
            navigator.share = async ({ files: [file], title }) => {
              if (window.refusal) throw new DOMException("", window.refusal);
              const bytes = Array.from(new Uint8Array(await file.arrayBuffer()), byte => String.fromCharCode(byte));
              window.shared = [file.name, title, btoa(bytes.join(""))];
            };
            """);
        await Page.ReloadAsync();
        await OpenCarAsync();
        await DressAsync("colour and shadow");
        var (name, saved) = await _page.DownloadAsync("png");
        await Page.ClickAsync("#share");
        await Page.WaitForFunctionAsync("() => window.shared");
        var shared = await Page.EvaluateAsync<string[]>("() => window.shared");
        Assert.That(shared[..2], Is.EqualTo(new[] { name, name }));
        Assert.That(Difference(Picture.Read(Convert.FromBase64String(shared[2])), Picture.Read(saved)), Is.Zero);

        await Page.EvaluateAsync("() => { window.refusal = 'NotAllowedError'; }");
        var (instead, downloaded) = await _page.SavedAsync("#share");
        Assert.That((instead, downloaded), Is.EqualTo((name, saved)));
    }

    [Test]
    public async Task The_pipette_takes_a_colour_from_the_screen()
    {
        await Page.AddInitScriptAsync("""
            window.EyeDropper = class {
              open() {
                return window.picked ? Promise.resolve({ sRGBHex: window.picked })
                  : Promise.reject(new DOMException("", "AbortError"));
              }
            };
            """);
        await Page.ReloadAsync();
        await OpenCarAsync();
        await DressAsync("colour");
        await _page.OpenPanelAsync("background");
        await Page.ClickAsync("#pipette");
        await Expect("#hex").ToHaveValueAsync("f1d58c");
        await Page.EvaluateAsync("() => { window.picked = '#3366cc'; }");
        await Page.ClickAsync("#pipette");
        await Expect("#hex").ToHaveValueAsync("3366cc");
        int[] picked = [0x33, 0x66, 0xcc, 255];
        await Eventually.HoldsAsync(async () => (await _page.PixelAsync(0.01, 0.01)).SequenceEqual(picked),
            "the stage has the colour");
    }
}
