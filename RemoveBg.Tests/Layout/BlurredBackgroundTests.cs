using RemoveBg.Core.Imaging;
using RemoveBg.Core.Layout;

namespace RemoveBg.Tests.Layout;

/// <summary>A photo of 200 × 100 pixels: a red subject from (60, 30) to (120, 80) on green and blue
/// stripes.</summary>
public sealed class BlurredBackgroundTests
{
    private const int Width = 200, Height = 100;
    private const uint Red = 0xFF0000FF, Green = 0xFF00FF00, Blue = 0xFFFF0000;
    private static readonly Box Subject = new(60, 30, 60, 50), Whole = new(0, 0, Width, Height);

    [TestCase(1)]
    [TestCase(50)]
    [TestCase(100)]
    public void The_subject_leaves_no_colour_in_the_blur_and_no_hole(int strength)
    {
        using var behind = Behind(Whole, strength);
        for (var y = 0; y < behind.Height; y++)
            foreach (var pixel in behind.Row(y))
            {
                Assert.That(pixel >> 24, Is.EqualTo(255), "opaque");
                Assert.That(pixel & 255, Is.LessThan(3), "no red");
                Assert.That((pixel >> 8 & 255) + (pixel >> 16 & 255), Is.InRange(240, 270), "green and blue");
            }
    }

    [Test]
    public void A_greater_strength_blurs_more()
    {
        var contrasts = new[] { 1, 10, 25, 50, 100 }.Select(strength =>
        {
            using var behind = Behind(Whole, strength);
            var greens = behind.Row(5)[20..50].ToArray().Select(pixel => (int)(pixel >> 8 & 255)).ToList();
            return greens.Max() - greens.Min();
        }).ToList();
        Assert.That(contrasts, Is.Ordered.Descending);
        Assert.That(contrasts[0], Is.GreaterThan(200));
        Assert.That(contrasts[^1], Is.LessThan(20));
    }

    [Test]
    public void A_subject_is_searched_in_the_region_only()
    {
        // The alpha of a region of which the subject fills the lower right quarter.
        var region = new Box(0, 0, 120, 60);
        using var photo = Photo();
        using var background = BlurredBackground.Of(photo);
        background.RemoveSubject(Alpha(region), region.Width, region);
        using var result = new Photo(Width, Height, isOpaque: false);
        background.PutBehind(Cleared(result), new(0, 0, Width, Height), strength: 1);
        Assert.That(result.Row(45)[90] & 255, Is.LessThan(200), "removed");
        Assert.That(result.Row(75)[90] & 255, Is.GreaterThan(250), "outside the region, it is background");
    }

    [Test]
    public void A_part_of_the_photo_fills_the_result()
    {
        using var photo = Photo();
        using var background = BlurredBackground.Of(photo);
        using var result = new Photo(60, 50, isOpaque: false);
        background.PutBehind(Cleared(result), new(60, 30, 60, 50), strength: 1);
        Assert.That(result.Row(25)[30], Is.EqualTo(Red), "the middle of the subject, which was not removed");
        Assert.That(result.Row(25)[2] & 255, Is.GreaterThan(100), "the subject's left edge");
    }

    [Test]
    public void A_photo_that_is_all_subject_gets_some_opaque_background()
    {
        using var photo = Photo();
        using var background = BlurredBackground.Of(photo);
        background.RemoveSubject(Enumerable.Repeat(1f, Width * Height).ToArray(), Width, Whole);
        using var result = new Photo(Width, Height, isOpaque: false);
        background.PutBehind(Cleared(result), new(0, 0, Width, Height), strength: 50);
        Assert.That(result.Row(50)[100] >> 24, Is.EqualTo(255));
    }

    private static Photo Behind(Box region, int strength)
    {
        using var photo = Photo();
        using var background = BlurredBackground.Of(photo);
        background.RemoveSubject(Alpha(region), region.Width, region);
        var result = Cleared(new Photo(Width, Height, isOpaque: false));
        background.PutBehind(result, new(0, 0, Width, Height), strength);
        return result;
    }

    private static float[] Alpha(Box region)
    {
        var alpha = new float[region.Width * region.Height];
        for (var i = 0; i < alpha.Length; i++)
            alpha[i] = IsSubject(region.Left + i % region.Width, region.Top + i / region.Width) ? 1 : 0;
        return alpha;
    }

    private static Photo Photo()
    {
        var photo = new Photo(Width, Height, isOpaque: true);
        for (var y = 0; y < Height; y++)
        {
            var row = photo.Row(y);
            for (var x = 0; x < Width; x++) row[x] = IsSubject(x, y) ? Red : x / 5 % 2 == 0 ? Green : Blue;
        }
        return photo;
    }

    private static Photo Cleared(Photo photo)
    {
        for (var y = 0; y < photo.Height; y++) photo.Row(y).Clear();
        return photo;
    }

    private static bool IsSubject(int x, int y) => x >= Subject.Left && x < Subject.Left + Subject.Width
        && y >= Subject.Top && y < Subject.Top + Subject.Height;
}
