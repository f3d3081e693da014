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

    /// <summary>Time says more of the machine than of the page, so the pixels count: a move of the brush may touch what
    /// is on the stage and what lies under the brush, not the photo's 12 megapixels.</summary>
    [Test]
    public async Task A_move_of_the_brush_touches_few_pixels_of_a_large_photo()
    {
        const int Moves = 30;
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
        await Page.EvaluateAsync(CountPixels);
        var paper = await PaperAsync();
        (float X, float Y) At(int move) => (paper.X + paper.Width * (0.3f + 0.4f * move / Moves),
            paper.Y + paper.Height * (0.5f + 0.1f * MathF.Sin(move / 3f)));
        await Page.Mouse.MoveAsync(At(0).X, At(0).Y);
        await Page.Mouse.DownAsync();
        var touched = new List<double>();
        for (var move = 1; move <= Moves; move++)
        {
            await Page.EvaluateAsync("() => { window.touched = 0; }");
            await Page.Mouse.MoveAsync(At(move).X, At(move).Y);
            // The move is drawn in the next frame, or in the one after it.
            touched.Add(await Page.EvaluateAsync<double>("""
                async () => {
                  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
                  return window.touched / 1e6;
                }
                """));
        }
        await Page.Mouse.UpAsync();
        touched.Sort();
        TestContext.Progress.WriteLine(FormattableString.Invariant($"{device}: a move of the brush at 12 MP touches ")
            + FormattableString.Invariant($"{touched[Moves / 2]:0.00}, at most {touched[^1]:0.00} megapixels"));
        await Expect("#undo").ToBeEnabledAsync();
        Assert.That(touched[Moves / 2], Is.Positive, "moves are drawn");
        Assert.That(touched[^1], Is.LessThan(6));
    }

    /// <summary>Adds up, in <c>window.touched</c>, the pixels that each call on a canvas reads or writes.</summary>
    private const string CountPixels = """
        () => {
          window.touched = 0;
          for (const { prototype } of [CanvasRenderingContext2D, OffscreenCanvasRenderingContext2D]) {
            const { getImageData, putImageData, drawImage, fillRect } = prototype;
            const scale = context => {
              const { a, b, c, d } = context.getTransform();
              return Math.abs(a * d - b * c);
            };
            prototype.getImageData = function (x, y, width, height, ...rest) {
              window.touched += width * height;
              return getImageData.call(this, x, y, width, height, ...rest);
            };
            prototype.putImageData = function (image, x, y, ...part) {
              window.touched += part.length ? part[2] * part[3] : image.width * image.height;
              return putImageData.call(this, image, x, y, ...part);
            };
            prototype.drawImage = function (image, ...places) {
              const whole = image.width * image.height;
              const [read, written] = places.length === 8 ? [places[2] * places[3], places[6] * places[7]]
                : [whole, places.length === 4 ? places[2] * places[3] : whole];
              window.touched += Math.max(Math.abs(read), Math.abs(written) * scale(this));
              return drawImage.call(this, image, ...places);
            };
            prototype.fillRect = function (x, y, width, height) {
              window.touched += Math.abs(width * height) * scale(this);
              return fillRect.call(this, x, y, width, height);
            };
          }
        }
        """;
}
