using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

/// <summary>The brush, and the work after a reload.</summary>
public sealed partial class StudioTests
{
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
}
