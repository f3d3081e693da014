using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

/// <summary>The stage: divider, zoom and pan.</summary>
public sealed partial class StudioTests
{
    [Test]
    public async Task The_divider_moves_by_keys()
    {
        await OpenCarAsync();
        await Page.FocusAsync("#slider");
        await Page.Keyboard.PressAsync("End");
        Assert.That(await SplitAsync(), Is.EqualTo("100%"));
        await _page.UntilPixelAsync(0.98, 0.05, Is.EqualTo(PhotoAt(0.98, 0.05)).Within(3), "all photo");
        await Page.Keyboard.PressAsync("Home");
        await Page.Keyboard.PressAsync("ArrowRight");
        Assert.That(await SplitAsync(), Is.EqualTo("1%"));
        await Page.Keyboard.PressAsync("Shift+ArrowRight");
        Assert.That(await SplitAsync(), Is.EqualTo("11%"));
    }

    [Test]
    public async Task The_divider_is_dragged_by_its_handle_and_the_picture_stays()
    {
        await OpenCarAsync();
        var (paper, knob) = (await PaperAsync(), (await Page.Locator("#knob").BoundingBoxAsync())!);
        Assert.That(knob.Width, Is.EqualTo(44), "large enough for a finger");
        await DragAsync(knob.X + 22, knob.Y + 22, paper.X + paper.Width / 4, knob.Y + 22);
        Assert.That(int.Parse(await Page.InputValueAsync("#slider"), System.Globalization.CultureInfo.InvariantCulture),
            Is.EqualTo(25).Within(1));
        Assert.That(await PaperAsync(), Is.EqualTo(paper));
    }

    [Test]
    public async Task Dragging_the_picture_moves_it_and_the_divider_stays()
    {
        await OpenCarAsync();
        var paper = await PaperAsync();
        await DragAsync(paper.X + 20, paper.Y + 20, paper.X + 60, paper.Y + 50);
        var moved = await PaperAsync();
        Assert.That((moved.X - paper.X, moved.Y - paper.Y, moved.Width),
            Is.EqualTo((40f, 30f, paper.Width)));
        Assert.That(await Page.InputValueAsync("#slider"), Is.EqualTo("50"));
    }

    [Test]
    public async Task The_wheel_zooms_at_the_pointer()
    {
        await OpenCarAsync();
        var before = await PaperAsync();
        var (x, y) = (before.X + before.Width * 0.25f, before.Y + before.Height * 0.75f);
        await Page.Mouse.MoveAsync(x, y);
        await Page.Mouse.WheelAsync(0, -150);
        await Page.WaitForFunctionAsync($"() => parseFloat(document.getElementById('paper').style.width) > "
            + $"{before.Width.ToString(System.Globalization.CultureInfo.InvariantCulture)} * 1.2");
        var after = await PaperAsync();
        Assert.That((x - after.X) / after.Width, Is.EqualTo(0.25).Within(0.01));
        Assert.That((y - after.Y) / after.Height, Is.EqualTo(0.75).Within(0.01));
    }

    [Test]
    public async Task Keys_zoom_in_out_to_the_stage_and_to_100_percent()
    {
        await OpenCarAsync();
        var fitted = await Page.TextContentAsync("#zoom");
        await Page.FocusAsync("#surface");
        await Page.Keyboard.PressAsync("1");
        Assert.That(await Page.TextContentAsync("#zoom"), Is.EqualTo("100 %"));
        await Page.Keyboard.PressAsync("+");
        Assert.That(await Page.TextContentAsync("#zoom"), Is.EqualTo("125 %"));
        await Page.Keyboard.PressAsync("-");
        Assert.That(await Page.TextContentAsync("#zoom"), Is.EqualTo("100 %"));
        await Page.Keyboard.PressAsync("0");
        Assert.That(await Page.TextContentAsync("#zoom"), Is.EqualTo(fitted));
    }

    [Test]
    public async Task Two_fingers_zoom()
    {
        await OpenCarAsync();
        var before = await PaperAsync();
        var (x, y) = (before.X + before.Width / 2, before.Y + before.Height / 4);
        var devtools = await Page.Context.NewCDPSessionAsync(Page);
        await TouchAsync(devtools, "touchStart", (x - 30, y), (x + 30, y));
        await TouchAsync(devtools, "touchMove", (x - 60, y), (x + 60, y));
        await TouchAsync(devtools, "touchEnd");
        var after = await PaperAsync();
        Assert.That(after.Width / before.Width, Is.EqualTo(2).Within(0.1));
        Assert.That((x - after.X) / after.Width, Is.EqualTo(0.5).Within(0.05), "between the fingers");
    }

    [Test]
    public async Task Pixels_are_sharp_from_400_percent()
    {
        await OpenCarAsync();
        await Page.ClickAsync("#tool-compare");
        await Page.FocusAsync("#surface");
        await Page.Keyboard.PressAsync("1");
        for (var i = 0; i < 10; i++) await Page.Keyboard.PressAsync("+");
        Assert.That(await Page.TextContentAsync("#zoom"), Is.EqualTo("931 %"));
        Assert.That(await Page.EvaluateAsync<bool>(
            "() => document.getElementById('canvas').getContext('2d').imageSmoothingEnabled"), Is.True,
            "restored after each drawing");
        var colours = await Page.EvaluateAsync<int>("""
            async () => {
              await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
              const canvas = document.getElementById("canvas");
              const { data } = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 90, 1);
              return new Set(Array.from({ length: 90 }, (_, i) => data.slice(4 * i, 4 * i + 4).join())).size;
            }
            """);
        Assert.That(colours, Is.LessThanOrEqualTo(11), "90 pixels of the screen show 10 or 11 of the photo");
    }

    [Test]
    public async Task The_photo_is_shown_while_a_key_is_held()
    {
        await OpenCarAsync();
        await Page.ClickAsync("#tool-compare");
        await Page.FocusAsync("#surface");
        await Page.Keyboard.DownAsync("o");
        await _page.UntilPixelAsync(0.98, 0.05, Is.EqualTo(PhotoAt(0.98, 0.05)).Within(3));
        await Page.Keyboard.UpAsync("o");
        await _page.UntilPixelAsync(0.98, 0.05, Is.Not.EqualTo(PhotoAt(0.98, 0.05)).Within(3));
    }
}
