using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Golden;

/// <summary>The comparer at its limits: one more step or pixel makes a difference.</summary>
public sealed class ImageComparerTests
{
    private const int Side = 100, Allowed = (int)(ImageComparer.FewPixels * Side * Side);

    [TestCase(Allowed, 255, ExpectedResult = true, Description = "the most pixels that may differ")]
    [TestCase(Allowed + 1, 255, ExpectedResult = false, Description = "one more")]
    [TestCase(Side * Side, ImageComparer.SmallStep, ExpectedResult = true,
        Description = "all pixels, by the largest allowed step")]
    [TestCase(Side * Side, ImageComparer.SmallStep + 1, ExpectedResult = false,
        Description = "all pixels, by one step more")]
    [TestCase(Allowed + 1, ImageComparer.SmallStep + 1, ExpectedResult = false)]
    public bool Colour(int pixels, int step) =>
        ImageComparer.Difference(Made(0, 0, 0xFF_00_00_00), Made(pixels, step, 0xFF_00_00_00)) is null;

    [TestCase(Allowed, ExpectedResult = true)]
    [TestCase(Allowed + 1, ExpectedResult = false)]
    public bool Alpha(int pixels) =>
        ImageComparer.Difference(Made(0, 0, 0), Made(pixels, ImageComparer.SmallStep + 1, 0, shift: 24)) is null;

    [Test]
    public void Invisible_colour_makes_no_difference() =>
        Assert.That(ImageComparer.Difference(Made(0, 0, 0), Made(Side * Side, 255, 0)), Is.Null);

    [Test]
    public void Different_sizes_are_reported_with_both_sizes() =>
        Assert.That(ImageComparer.Difference(Made(0, 0, 0), Picture.Read(PngFile.Encode(new Photo(3, 2, false)))),
            Does.Contain("100 x 100").And.Contain("3 x 2"));

    /// <summary>Returns an image whose first <paramref name="off"/> pixels are off by a step in one channel.</summary>
    private static Picture Made(int off, int step, uint colour, int shift = 0)
    {
        using var photo = new Photo(Side, Side, isOpaque: false);
        for (var i = 0; i < Side * Side; i++)
            photo.Row(i / Side)[i % Side] = i < off ? colour | (uint)step << shift : colour;
        return Picture.Read(PngFile.Encode(photo));
    }
}
