using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Layout;

namespace RemoveBg.Tests.Layout;

/// <summary>Layout of a 100 × 80 pixel cut-out whose subject is a red 20 × 30 rectangle at (10, 20).</summary>
public sealed class ArrangeTests
{
    private const uint Red = 0xFF0000FF;
    private const int Width = 100, Height = 80;

    [TestCase(null, 20, 30, 0, 0)]
    [TestCase("5px", 30, 40, 5, 5)]
    [TestCase("10% 50%", 40, 36, 10, 3)]
    [TestCase("1 2 3 4", 26, 34, 4, 1)]
    [TestCase("40px", 100, 110, 40, 40)]
    public void A_crop_is_the_subject_and_its_margin(string? margin, int width, int height, int left, int top)
    {
        using var result = Run(new() { Crop = true, CropMargin = margin is null ? null : Margin.TryParse(margin) });
        Assert.That((result.Width, result.Height), Is.EqualTo((width, height)));
        Assert.That(Box.Around(result), Is.EqualTo(new Box(left, top, 20, 30)));
        Assert.That(result.Row(top)[left], Is.EqualTo(Red));
    }

    [TestCase("0% 0%", 0, 0)]
    [TestCase("100%", 80, 50)]
    [TestCase("center", 40, 25)]
    [TestCase("original", 10, 20)]
    public void The_subject_goes_to_its_position(string position, int left, int top)
    {
        using var result = Run(new() { Position = Position.TryParse(position) });
        Assert.That((result.Width, result.Height), Is.EqualTo((Width, Height)));
        Assert.That(Box.Around(result), Is.EqualTo(new Box(left, top, 20, 30)));
    }

    [Test]
    public void A_scaled_subject_fills_its_share_around_its_centre()
    {
        // 30 of 80 pixels high: 50 % means 40 pixels, a scale of 4/3.
        using var result = Run(new() { Scale = Scale.TryParse("50%") });
        var box = Box.Around(result)!.Value;
        Assert.That((result.Width, result.Height), Is.EqualTo((Width, Height)));
        Assert.That(box.Height, Is.EqualTo(40).Within(2));
        Assert.That(box.Width, Is.EqualTo(27).Within(2));
        Assert.That(box.Left + box.Width / 2.0, Is.EqualTo(50).Within(1));
        Assert.That(result.Row(40)[50], Is.EqualTo(Red));
    }

    [Test]
    public void A_size_limits_the_longest_side_and_never_upscales()
    {
        using var half = Run(new() { Size = 50 });
        Assert.That((half.Width, half.Height), Is.EqualTo((50, 40)));
        Assert.That(half.Row(17)[10], Is.EqualTo(Red));
        Assert.That(half.Row(2)[2], Is.Zero);
        using var same = Run(new() { Size = 500 });
        Assert.That((same.Width, same.Height), Is.EqualTo((Width, Height)));
    }

    [Test]
    public void Megapixels_limit_the_area()
    {
        using var small = Run(new() { Megapixels = 0.002 });
        Assert.That((small.Width, small.Height), Is.EqualTo((50, 40)));
    }

    [Test]
    public void A_margin_never_makes_more_pixels_than_a_picture_may_have()
    {
        using var cutOut = CutOut();
        using var result = Arranged.Run(cutOut, new(0, 0, Width, Height), Width, Height,
            new() { Crop = true, CropMargin = Margin.TryParse("500px") }, maxPixels: 10_000);
        Assert.That(result.PixelCount, Is.InRange(9_000, 10_100));
    }

    [Test]
    public void Pixels_outside_the_region_are_transparent_in_a_result_of_full_size()
    {
        using var upright = CutOut();
        var roi = Region.TryParse("0 0 20 50%")!;
        var box = Box.Of(roi, Width, Height)!.Value;
        using var part = box.CutFrom(upright);
        using var result = Arranged.Run(part, box, Width, Height, new() { Roi = roi }, 1_000_000);
        Assert.That((result.Width, result.Height), Is.EqualTo((Width, Height)));
        Assert.That(Box.Around(result), Is.EqualTo(new Box(10, 20, 10, 20)));
    }

    [Test]
    public void An_image_without_a_subject_is_not_cropped()
    {
        var empty = new Photo(7, 5, isOpaque: false);
        for (var y = 0; y < 5; y++) empty.Row(y).Clear();
        using var result = Arranged.Run(empty, new(0, 0, 7, 5), 7, 5,
            new() { Crop = true, CropMargin = Margin.TryParse("50%") }, 1_000_000);
        Assert.That((result.Width, result.Height), Is.EqualTo((7, 5)));
    }

    [Test]
    public void A_colour_behind_shows_where_the_subject_is_not()
    {
        using var picture = CutOut();
        picture.Row(0)[0] = 0x800000FF;
        Backdrop.Colour(picture, 0xFF00FF00);
        Assert.Multiple(() =>
        {
            Assert.That(picture.Row(20)[10], Is.EqualTo(Red));
            Assert.That(picture.Row(79)[99], Is.EqualTo(0xFF00FF00));
            Assert.That(picture.Row(0)[0], Is.EqualTo(0xFF007F80));
        });
    }

    [Test]
    public void A_translucent_colour_behind_stays_translucent()
    {
        using var picture = CutOut();
        Backdrop.Colour(picture, 0x80FF0000);
        Assert.That((picture.Row(0)[0], picture.Row(20)[10]), Is.EqualTo((0x80FF0000u, Red)));
    }

    [Test]
    public void An_image_behind_covers_the_result_and_is_centred()
    {
        // Twice as wide as it must be: the middle half shows, scaled up by two.
        using var behind = new Photo(100, 40, isOpaque: true);
        for (var y = 0; y < 40; y++)
            for (var x = 0; x < 100; x++) behind.Row(y)[x] = x is < 25 or >= 75 ? 0xFFFFFFFFu : 0xFFFF0000u;
        using var picture = CutOut();
        Backdrop.Image(picture, behind);
        Assert.Multiple(() =>
        {
            Assert.That(picture.Row(0)[3], Is.EqualTo(0xFFFF0000));
            Assert.That(picture.Row(79)[96], Is.EqualTo(0xFFFF0000));
            Assert.That(picture.Row(30)[15], Is.EqualTo(Red));
        });
    }

    [Test]
    public void A_shadow_is_below_the_subject_and_not_on_it()
    {
        using var picture = CutOut();
        Shadow.Run(picture);
        Assert.Multiple(() =>
        {
            Assert.That(picture.Row(49)[20], Is.EqualTo(Red), "the subject");
            Assert.That(picture.Row(50)[20] >> 24, Is.GreaterThan(40), "just below");
            Assert.That(picture.Row(50)[20] & 0xFFFFFF, Is.Zero, "black");
            Assert.That(picture.Row(19)[20] >> 24, Is.LessThan(picture.Row(50)[20] >> 24), "above is lighter");
            Assert.That(picture.Row(79)[99], Is.Zero, "far away");
        });
    }

    private static Photo Run(CutOutOptions wanted) =>
        Arranged.Run(CutOut(), new(0, 0, Width, Height), Width, Height, wanted, 1_000_000);

    private static Photo CutOut()
    {
        var photo = new Photo(Width, Height, isOpaque: false);
        for (var y = 0; y < Height; y++)
        {
            photo.Row(y).Clear();
            if (y is >= 20 and < 50) photo.Row(y).Slice(10, 20).Fill(Red);
        }
        return photo;
    }
}
