using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Imaging;
using static RemoveBg.Tests.Imaging.ResampleTests;

namespace RemoveBg.Tests.Segmentation;

/// <summary>A photo with margins, and the way back.</summary>
public sealed class PaddedPhotoTests
{
    private const int Size = 320;
    private static readonly ModelEntry Lite = ModelManifest.Shipped.Find("removebg-lite")!;
    private Tensors _tensors = null!;
    private FloatPlanes _planes = null!;

    [SetUp]
    public void MakeRoom() => (_tensors, _planes) = (new(Size), new(Size, Size));

    [TearDown]
    public void FreeIt()
    {
        _tensors.Dispose();
        _planes.Dispose();
    }

    [TestCase(0, 0, 0, 0)]
    [TestCase(16, 0, 0, 0)]
    [TestCase(0, 0, 16, 16)]
    [TestCase(8, 8, 8, 8)]
    [TestCase(0, 16, 5, 1)]
    public void What_goes_into_the_margins_comes_out_where_it_was(int left, int top, int right, int bottom)
    {
        using var photo = Paint(500, 400, (x, y) => 0xFF000000 | (uint)(x * 255 / 500) | (uint)(y * 255 / 400) << 8);
        PrepareTensor.Run(photo, _tensors, Lite);
        float[] red = Plane(0), green = Plane(1);
        var margins = new Margins(left, top, right, bottom);
        PaddedPhoto.Fill(photo, margins, fades: true, _tensors, Lite, _planes);
        Assert.That(Back(Plane(0), margins), Is.EqualTo(red).Within(0.02));
        Assert.That(Back(Plane(1), margins), Is.EqualTo(green).Within(0.02));
    }

    [Test]
    public void A_margin_begins_like_the_photo_and_fades_to_the_mean_of_its_borders()
    {
        // Left half 255, right half 0, so the mean of all four borders is one half.
        using var photo = Paint(320, 320, (x, _) => x < 160 ? 0xFFFFFFFF : 0xFF000000);
        PaddedPhoto.Fill(photo, new(16, 0, 0, 0), fades: true, _tensors, Lite, _planes);
        var row = Plane(0)[(100 * Size)..(101 * Size)];
        Assert.That(row[16], Is.EqualTo(1).Within(0.01), "the photo");
        Assert.That(row[0], Is.EqualTo(0.5).Within(0.01), "the mean");
        Assert.That(row[..17], Is.Ordered);
        Assert.That(row[^1], Is.EqualTo(0).Within(0.01), "no margin at the other side");
    }

    [Test]
    public void A_margin_of_one_colour_is_the_mean_up_to_the_photo()
    {
        using var photo = Paint(320, 320, (x, _) => x < 160 ? 0xFFFFFFFF : 0xFF000000);
        PaddedPhoto.Fill(photo, new(8, 8, 8, 8), fades: false, _tensors, Lite, _planes);
        var row = Plane(0)[(100 * Size)..(101 * Size)];
        Assert.That(row[..8], Is.All.EqualTo(0.5).Within(0.01));
        Assert.That(row[8], Is.EqualTo(1).Within(0.01));
        Assert.That(row[^9], Is.EqualTo(0).Within(0.01));
        Assert.That(row[^8..], Is.All.EqualTo(0.5).Within(0.01));
    }

    /// <summary>One plane of the input, from 0 to 1 again.</summary>
    private float[] Plane(int channel) => [.. _tensors.Input.Skip(channel * Size * Size).Take(Size * Size)
        .Select(value => value * Lite.Std[channel] + Lite.Mean[channel])];

    private static float[] Back(float[] framed, Margins margins)
    {
        float[] room = new float[Size * Size], target = new float[Size * Size];
        PaddedPhoto.Unframe(framed, margins, Size, room, target);
        return target;
    }
}
