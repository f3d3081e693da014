using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

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

    [Test]
    public async Task A_jpeg_needs_a_background()
    {
        await OpenCarAsync();
        await Page.ClickAsync("#formats-toggle");
        Assert.That(await Page.GetAttributeAsync("[data-format=jpeg]", "aria-disabled"), Is.EqualTo("true"));
        Assert.That(await Page.TextContentAsync("#jpeg-words"), Is.EqualTo("needs a background"));
        await Page.Keyboard.PressAsync("Escape");
        await DressAsync("colour");
        var (name, file) = await _page.DownloadAsync("jpeg");
        Assert.That((name, file[0]), Is.EqualTo(("toy-car-cutout.jpg", (byte)0xff)));
        // Without a background it is PNG again.
        await _page.OpenPanelAsync("background");
        await _page.PickAsync("background", "none");
        Assert.That(await Page.TextContentAsync("#download-words"), Is.EqualTo("Download PNG"));
    }

    [Test]
    public async Task A_new_background_is_shown_at_once_and_downloaded_with_the_subject()
    {
        await OpenCarAsync();
        await _page.OpenPanelAsync("background");
        await _page.PickAsync("background", "colour");
        await Page.FillAsync("#hex", "ff0000");
        Assert.That(await _page.PixelAsync(0.01, 0.01), Is.EqualTo(new[] { 255, 0, 0, 255 }));
        var (_, onRed) = await _page.DownloadAsync("png");
        Assert.That(Picture.Read(onRed)[2, 2], Is.EqualTo(((byte)255, (byte)0, (byte)0, (byte)255)));

        await Page.SetInputFilesAsync("#picture", Repo.Sample("scene-mug.jpg"));
        await Expect("#kinds input[value=picture]").ToBeCheckedAsync();
        Assert.That(await _page.PixelAsync(0.01, 0.01), Is.Not.EqualTo(new[] { 255, 0, 0, 255 }));
        var (_, onPicture) = await _page.DownloadAsync("png");
        Assert.That(Picture.Read(onPicture).MeanAlpha(), Is.EqualTo(1));
        Assert.That(Picture.Read(onPicture)[2, 2], Is.Not.EqualTo(Picture.Read(onRed)[2, 2]));
    }

    [Test]
    public async Task Colours_of_the_photo_are_offered()
    {
        await OpenCarAsync();
        await _page.OpenPanelAsync("background");
        await _page.PickAsync("background", "colour");
        var colour = (await Page.GetAttributeAsync("#photo-colours input", "value"))!;
        await _page.PickAsync("colour", colour);
        var rgb = Convert.FromHexString(colour[1..]).Select(value => (int)value).Append(255);
        Assert.That(await _page.PixelAsync(0.01, 0.01), Is.EqualTo(rgb));
    }

    [Test]
    public async Task Blur_leaves_no_glow_of_the_subject_in_the_background()
    {
        await OpenCarAsync();
        await DressAsync("blur");
        var seen = await _page.SeenAsync();
        // The car is red and its ground grey: next to it nothing may turn red.
        var result = Picture.Read(await _host.Client.GetByteArrayAsync($"/v2/artworks/{_carId}/result"));
        var reddest = (from y in Enumerable.Range(0, seen.Height) from x in Enumerable.Range(0, seen.Width)
                       where result.Alpha(x, y) == 0 select seen[x, y].R - seen[x, y].G).Max();
        Assert.That(reddest, Is.LessThan(20));
    }

    [Test]
    public async Task A_photo_whose_server_keeps_its_pixels_can_be_seen_and_not_blurred()
    {
        var url = _caller.ServePage("/closed.jpg", context => context.Response.Body.WriteAsync(Car).AsTask());
        await Page.FillAsync("#url", url);
        await Page.Keyboard.PressAsync("Enter");
        await _page.UntilResultAsync();
        Assert.That(await Page.IsVisibleAsync("#compare"), Is.True);
        await _page.OpenPanelAsync("background");
        await Expect("#kinds input[value=blur]").ToBeDisabledAsync();
        Assert.That(await Page.TextContentAsync("#background-note"), Does.Contain("Save the photo and drop it here."));
        var (_, file) = await _page.DownloadAsync("png");
        Assert.That(Picture.Read(file).MeanAlpha(), Is.InRange(0.02, 0.9));
    }

    [TestCase("1:1", 1d)]
    [TestCase("4:5", 0.8)]
    [TestCase("3:4", 0.75)]
    [TestCase("16:9", 16d / 9)]
    public async Task Crop_keeps_the_subject_in_a_shape(string shape, double ratio)
    {
        await OpenCarAsync();
        await _page.OpenPanelAsync("crop");
        await _page.PickAsync("shape", shape);
        var (_, file) = await _page.DownloadAsync("png");
        var saved = Picture.Read(file);
        Assert.That(saved.Width / (double)saved.Height, Is.EqualTo(ratio).Within(0.01));
        var whole = Picture.Read(await _host.Client.GetByteArrayAsync($"/v2/artworks/{_carId}/result"));
        Assert.That(saved.MeanAlpha() * saved.Width * saved.Height,
            Is.EqualTo(whole.MeanAlpha() * whole.Width * whole.Height).Within(20), "all of the subject");
    }

    [Test]
    public async Task A_crop_to_the_subject_is_the_services_own()
    {
        await OpenCarAsync();
        await _page.OpenPanelAsync("crop");
        await _page.PickAsync("shape", "subject");
        await _page.SlideAsync("margin", 10);
        await Page.FillAsync("#longest", "200");
        var (_, file) = await _page.DownloadAsync("png");
        await _page.OpenPanelAsync("code");
        var request = await TabAsync("Request");
        Assert.That(request, Does.Contain("\"crop\": true").And.Contain("\"cropMargin\": \"10%\"").And
            .Contain("\"size\": 200"));
        using var answer = await _host.SubmitAsync(
            new { imageUrl = _carUrl, outputFormat = "png", crop = true, cropMargin = "10%", size = 200 });
        var same = await _host.UntilEndedAsync((await answer.JsonAsync()).Text("id")!);
        var theirs = Picture.Read(await _host.Client.GetByteArrayAsync($"/v2/artworks/{same.Text("id")}/result"));
        var ours = Picture.Read(file);
        Assert.That((ours.Width, ours.Height), Is.EqualTo((theirs.Width, theirs.Height)));
        Assert.That(Math.Max(ours.Width, ours.Height), Is.EqualTo(200));
        Assert.That(Math.Abs(ours.MeanAlpha() - theirs.MeanAlpha()), Is.LessThan(0.01));
    }

    [Test]
    public async Task The_frame_is_moved_and_resized_by_pointer_and_keys()
    {
        await OpenCarAsync();
        await _page.OpenPanelAsync("crop");
        await _page.PickAsync("shape", "1:1");
        var before = await SizeTagAsync();
        await Page.FocusAsync("[data-corner=se]");
        await Page.Keyboard.PressAsync("Shift+ArrowRight");
        Assert.That(await SizeTagAsync(), Is.EqualTo((before.Width + 10, before.Height + 10)));
        await Page.FocusAsync("#frame");
        await Page.Keyboard.PressAsync("ArrowLeft");
        Assert.That(await SizeTagAsync(), Is.EqualTo((before.Width + 10, before.Height + 10)));
        var frame = (await Page.Locator("#frame").BoundingBoxAsync())!;
        await DragAsync(frame.X + frame.Width - 2, frame.Y + 2, frame.X + frame.Width - 32, frame.Y + 32);
        Assert.That((await SizeTagAsync()).Width, Is.LessThan(before.Width));
        await Page.ClickAsync("#undo-crop");
        await _page.ClosePanelAsync();
        Assert.That(await Page.TextContentAsync("#file-size"), Is.EqualTo("320 × 213"));
    }

    [Test]
    public async Task The_shadow_is_the_services()
    {
        await OpenCarAsync();
        await DressAsync("colour and shadow");
        var (_, file) = await _page.DownloadAsync("png");
        using var answer = await _host.SubmitAsync(
            new { imageUrl = _carUrl, outputFormat = "png", background = "#f1d58c", shadow = true });
        var same = await _host.UntilEndedAsync((await answer.JsonAsync()).Text("id")!);
        var theirs = Picture.Read(await _host.Client.GetByteArrayAsync($"/v2/artworks/{same.Text("id")}/result"));
        Assert.That(MeanDifference(Picture.Read(file), theirs), Is.LessThan(1));
    }

    [Test]
    public async Task The_brush_erases_restores_and_can_be_undone_without_end()
    {
        await OpenCarAsync();
        var untouched = Picture.Read((await _page.DownloadAsync("png")).File);
        await _page.OpenPanelAsync("touchup");
        await _page.SlideAsync("softness", 0);
        await _page.SlideAsync("size", 70);
        var paper = await PaperAsync();
        var (x, y) = (paper.X + paper.Width * 0.4f, paper.Y + paper.Height * 0.6f);
        await DragAsync(x, y, x + paper.Width * 0.2f, y);
        var erased = Picture.Read((await _page.DownloadAsync("png")).File);
        Assert.That(untouched.Alpha(160, 128), Is.EqualTo(255));
        Assert.That(erased.Alpha(160, 128), Is.Zero);

        await _page.PickAsync("brush", "restore");
        await DragAsync(x, y, x + paper.Width * 0.2f, y);
        var restored = Picture.Read((await _page.DownloadAsync("png")).File);
        Assert.That(restored.Alpha(160, 128), Is.EqualTo(255));
        Assert.That((int)restored[160, 128].R, Is.EqualTo(Picture.Read(Car)[160, 128].R).Within(3), "the photo's own");

        await Page.ClickAsync("#undo");
        Assert.That(Picture.Read((await _page.DownloadAsync("png")).File).Alpha(160, 128), Is.Zero);
        await Page.ClickAsync("#undo");
        Assert.That(Difference(Picture.Read((await _page.DownloadAsync("png")).File), untouched), Is.Zero);
        await Expect("#undo").ToBeDisabledAsync();
        await Page.ClickAsync("#redo");
        Assert.That(Difference(Picture.Read((await _page.DownloadAsync("png")).File), erased), Is.Zero);
        await Page.ClickAsync("#undo-strokes");
        Assert.That(Difference(Picture.Read((await _page.DownloadAsync("png")).File), untouched), Is.Zero);
    }

    [Test]
    public async Task The_brush_paints_by_keys()
    {
        await OpenCarAsync();
        await _page.OpenPanelAsync("touchup");
        await Page.FocusAsync("#surface");
        var size = await Page.TextContentAsync("#size-value");
        await Page.Keyboard.PressAsync("]");
        Assert.That(await Page.TextContentAsync("#size-value"), Is.Not.EqualTo(size));
        await Page.Keyboard.PressAsync("w");
        await Expect("[name=brush][value=restore]").ToBeCheckedAsync();
        await Page.Keyboard.PressAsync("e");
        await Page.Keyboard.PressAsync("Enter");
        var (_, file) = await _page.DownloadAsync("png");
        Assert.That(Picture.Read(file).Alpha(160, 106), Is.Zero, "the ring begins in the middle");
        await Page.Keyboard.PressAsync("Escape");
        Assert.That(await Page.IsVisibleAsync("#panel-touchup"), Is.False);
    }

    [Test]
    public async Task Strokes_and_choices_survive_a_reload()
    {
        await _page.ChooseAsync("car.jpg", "image/jpeg", Car);
        await _page.UntilResultAsync();
        await DressAsync("colour and shadow");
        await DressAsync("touched up");
        var before = Picture.Read((await _page.DownloadAsync("png")).File);
        await UntilRememberedAsync("photo.matte && photo.edits.shadow");
        await Page.ReloadAsync();
        await _page.UntilResultAsync();
        var after = Picture.Read((await _page.DownloadAsync("png")).File);
        Assert.That(Difference(before, after), Is.Zero);
        Assert.That(await Page.TextContentAsync("#name"), Is.EqualTo("car.jpg"));
    }

    [Test]
    public async Task The_brush_stays_smooth_at_12_megapixels()
    {
        // A flat photo of 4000 × 3000, made in the browser, and a cut-out of the same size.
        var service = await FakeService.StartAsync(Page, """
            async () => {
              const canvas = new OffscreenCanvas(4000, 3000), context = canvas.getContext("2d");
              context.fillStyle = "#396";
              context.beginPath();
              context.ellipse(2000, 1500, 1500, 1200, 0, 0, 7);
              context.fill();
              return canvas.convertToBlob({ type: "image/webp", quality: 0.5 });
            }
            """);
        var photo = await service.MakeAsync("""
            async () => {
              const canvas = new OffscreenCanvas(4000, 3000), context = canvas.getContext("2d");
              context.fillStyle = "#c93";
              context.fillRect(0, 0, 4000, 3000);
              return canvas.convertToBlob({ type: "image/jpeg" });
            }
            """);
        await _page.ChooseAsync("large.jpg", "image/jpeg", photo);
        await _page.UntilResultAsync();
        await _page.OpenPanelAsync("touchup");
        var milliseconds = await Page.EvaluateAsync<double[]>("""
            async () => {
              const surface = document.getElementById("surface"), box = surface.getBoundingClientRect();
              const at = i => ({ clientX: box.left + box.width * (0.3 + 0.4 * i / 90), pointerId: 1, isPrimary: true,
                clientY: box.top + box.height * (0.5 + 0.1 * Math.sin(i / 6)), bubbles: true, pointerType: "pen",
                pressure: 0.8, buttons: 1 });
              surface.setPointerCapture = () => {};
              surface.dispatchEvent(new PointerEvent("pointerdown", at(0)));
              const times = [];
              for (let i = 1; i <= 90; i++) {
                const start = performance.now();
                surface.dispatchEvent(new PointerEvent("pointermove", at(i)));
                // The stage asked for its frame in the event: this one comes after its drawing.
                let drawn = 0;
                await new Promise(done => requestAnimationFrame(() => { drawn = performance.now(); done(); }));
                times.push(drawn - start);
              }
              surface.dispatchEvent(new PointerEvent("pointerup", at(90)));
              return times.sort((a, b) => a - b);
            }
            """);
        var (median, slow) = (milliseconds[milliseconds.Length / 2], milliseconds[milliseconds.Length * 9 / 10]);
        TestContext.Progress.WriteLine(FormattableString.Invariant(
            $"{device}: brush at 12 MP: {median:0.0} ms per frame, {1000 / median:0} per second; 90 %: {slow:0.0} ms"));
        Assert.That(median, Is.LessThan(20), "50 frames a second");
    }

    private async Task DressAsync(string look)
    {
        switch (look)
        {
            case "colour":
                await _page.OpenPanelAsync("background");
                await _page.PickAsync("background", "colour");
                await _page.PickAsync("colour", "#f1d58c");
                break;
            case "colour and shadow":
                await DressAsync("colour");
                await Page.ClickAsync("#tool-shadow");
                break;
            case "blur":
                await _page.OpenPanelAsync("background");
                await _page.PickAsync("background", "blur");
                break;
            case "own picture":
                await _page.OpenPanelAsync("background");
                await Page.SetInputFilesAsync("#picture", Repo.Sample("scene-mug.jpg"));
                await Expect("#kinds input[value=picture]").ToBeCheckedAsync();
                break;
            case "cropped":
                await DressAsync("colour and shadow");
                await _page.OpenPanelAsync("crop");
                await _page.PickAsync("shape", "1:1");
                break;
            case "touched up":
                await DressAsync("colour");
                await _page.OpenPanelAsync("touchup");
                await Page.FocusAsync("#surface");
                await Page.Keyboard.PressAsync("Enter");
                break;
        }
        if (await Page.Locator(".panel:visible").CountAsync() > 0) await _page.ClosePanelAsync();
        if (await Page.GetAttributeAsync("#tool-compare", "aria-pressed") == "true")
            await Page.ClickAsync("#tool-compare");
    }

    private async Task<(int Width, int Height)> SizeTagAsync()
    {
        var sides = (await Page.TextContentAsync("#frame-size"))!.Split(" × ");
        return (int.Parse(sides[0], System.Globalization.CultureInfo.InvariantCulture),
            int.Parse(sides[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until the browser has written what the page remembers.</summary>
    private Task UntilRememberedAsync(string condition) => Page.EvaluateAsync($$"""
        async () => {
          for (;;) {
            const photos = await new Promise(done => {
              const open = indexedDB.open("removebg");
              open.onsuccess = () => {
                const all = open.result.transaction("photos").objectStore("photos").getAll();
                all.onsuccess = () => { open.result.close(); done(all.result); };
              };
            });
            if (photos.some(photo => {{condition}})) return;
            await new Promise(done => requestAnimationFrame(done));
          }
        }
        """);

    private ILocatorAssertions Expect(string selector) => Assertions.Expect(Page.Locator(selector));

    /// <summary>Largest difference of a channel, premultiplied: colour without alpha is not seen.</summary>
    private static int Difference(Picture a, Picture b) => Differences(a, b).Max();

    private static double MeanDifference(Picture a, Picture b) => Differences(a, b).Average();

    private static IEnumerable<int> Differences(Picture a, Picture b)
    {
        Assert.That((a.Width, a.Height), Is.EqualTo((b.Width, b.Height)));
        for (var y = 0; y < a.Height; y++)
            for (var x = 0; x < a.Width; x++)
            {
                var (p, q) = (a[x, y], b[x, y]);
                yield return new[] { Math.Abs(p.R * p.A / 255 - q.R * q.A / 255),
                    Math.Abs(p.G * p.A / 255 - q.G * q.A / 255), Math.Abs(p.B * p.A / 255 - q.B * q.A / 255),
                    Math.Abs(p.A - q.A) }.Max();
            }
    }
}
