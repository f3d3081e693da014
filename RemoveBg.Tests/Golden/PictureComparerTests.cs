using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Golden;

/// <summary>The comparer at its limits: one step or one pixel further is a difference.</summary>
public sealed class PictureComparerTests
{
    private const int Side = 100, Allowed = (int)(PictureComparer.FewPixels * Side * Side);

    [TestCase(Allowed, 255, ExpectedResult = true, Description = "as many pixels as may differ")]
    [TestCase(Allowed + 1, 255, ExpectedResult = false, Description = "one more")]
    [TestCase(Side * Side, PictureComparer.SmallStep, ExpectedResult = true,
        Description = "all pixels, by as much as may be")]
    [TestCase(Side * Side, PictureComparer.SmallStep + 1, ExpectedResult = false,
        Description = "all pixels, by one more")]
    [TestCase(Allowed + 1, PictureComparer.SmallStep + 1, ExpectedResult = false)]
    public bool Colour(int pixels, int step) =>
        PictureComparer.Difference(Made(0, 0, 0xFF_00_00_00), Made(pixels, step, 0xFF_00_00_00)) is null;

    [TestCase(Allowed, ExpectedResult = true)]
    [TestCase(Allowed + 1, ExpectedResult = false)]
    public bool Alpha(int pixels) =>
        PictureComparer.Difference(Made(0, 0, 0), Made(pixels, PictureComparer.SmallStep + 1, 0, shift: 24)) is null;

    [Test]
    public void Colour_that_nobody_sees_is_no_difference() =>
        Assert.That(PictureComparer.Difference(Made(0, 0, 0), Made(Side * Side, 255, 0)), Is.Null);

    [Test]
    public void Another_size_is_a_difference_that_names_both() =>
        Assert.That(PictureComparer.Difference(Made(0, 0, 0), Picture.Read(PngFile.Encode(new Photo(3, 2, false)))),
            Does.Contain("100 x 100").And.Contain("3 x 2"));

    /// <summary>The first so many pixels are off by a step in one channel.</summary>
    private static Picture Made(int off, int step, uint colour, int shift = 0)
    {
        using var photo = new Photo(Side, Side, isOpaque: false);
        for (var i = 0; i < Side * Side; i++)
            photo.Row(i / Side)[i % Side] = i < off ? colour | (uint)step << shift : colour;
        return Picture.Read(PngFile.Encode(photo));
    }
}
