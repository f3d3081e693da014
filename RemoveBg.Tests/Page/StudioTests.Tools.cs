using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

/// <summary>Backgrounds, crop and shadow.</summary>
public sealed partial class StudioTests
{
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
        await _page.UntilPixelAsync(0.01, 0.01, Is.EqualTo(new[] { 255, 0, 0, 255 }));
        var (_, onRed) = await _page.DownloadAsync("png");
        Assert.That(Picture.Read(onRed)[2, 2], Is.EqualTo(((byte)255, (byte)0, (byte)0, (byte)255)));

        await Page.SetInputFilesAsync("#picture", Repo.Sample("scene-mug.jpg"));
        await Expect("#kinds input[value=picture]").ToBeCheckedAsync();
        await _page.UntilPixelAsync(0.01, 0.01, Is.Not.EqualTo(new[] { 255, 0, 0, 255 }));
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
        await _page.UntilPixelAsync(0.01, 0.01, Is.EqualTo(rgb));
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
