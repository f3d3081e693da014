using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Imaging;
using static RemoveBg.Tests.Imaging.ResampleTests;

namespace RemoveBg.Tests.Segmentation;

/// <summary>Padding a photo, and cropping the padding off again.</summary>
public sealed class PaddedPhotoTests
{
    private const int Size = 320;
    private static readonly ModelEntry Shipped = ModelManifest.Shipped.Find("removebg")!;
    private Tensors _tensors = null!;
    private FloatPlanes _planes = null!;

    [SetUp]
    public void Allocate() => (_tensors, _planes) = (new(Size), new(Size, Size));

    [TearDown]
    public void Free()
    {
        _tensors.Dispose();
        _planes.Dispose();
    }

    [TestCase(0, 0, 0, 0)]
    [TestCase(16, 0, 0, 0)]
    [TestCase(0, 0, 16, 16)]
    [TestCase(8, 8, 8, 8)]
    [TestCase(0, 16, 5, 1)]
    public void Cropping_restores_what_was_padded(int left, int top, int right, int bottom)
    {
        using var photo = Paint(500, 400, (x, y) => 0xFF000000 | (uint)(x * 255 / 500) | (uint)(y * 255 / 400) << 8);
        PrepareTensor.Run(photo, _tensors, Shipped);
        float[] red = Plane(0), green = Plane(1);
        var padding = new Padding(left, top, right, bottom);
        PaddedPhoto.Fill(photo, padding, fades: true, _tensors, Shipped, _planes);
        Assert.That(Crop(Plane(0), padding), Is.EqualTo(red).Within(0.02));
        Assert.That(Crop(Plane(1), padding), Is.EqualTo(green).Within(0.02));
    }

    [Test]
    public void Padding_starts_like_the_photo_and_fades_to_the_mean_of_its_borders()
    {
        // The left half is 255 and the right half 0, so the mean of all four borders is one half.
        using var photo = Paint(320, 320, (x, _) => x < 160 ? 0xFFFFFFFF : 0xFF000000);
        PaddedPhoto.Fill(photo, new(16, 0, 0, 0), fades: true, _tensors, Shipped, _planes);
        var row = Plane(0)[(100 * Size)..(101 * Size)];
        Assert.That(row[16], Is.EqualTo(1).Within(0.01), "the photo");
        Assert.That(row[0], Is.EqualTo(0.5).Within(0.01), "the mean");
        Assert.That(row[..17], Is.Ordered);
        Assert.That(row[^1], Is.EqualTo(0).Within(0.01), "no padding at the other side");
    }

    [Test]
    public void Padding_that_does_not_fade_is_the_mean_up_to_the_photo()
    {
        using var photo = Paint(320, 320, (x, _) => x < 160 ? 0xFFFFFFFF : 0xFF000000);
        PaddedPhoto.Fill(photo, new(8, 8, 8, 8), fades: false, _tensors, Shipped, _planes);
        var row = Plane(0)[(100 * Size)..(101 * Size)];
        Assert.That(row[..8], Is.All.EqualTo(0.5).Within(0.01));
        Assert.That(row[8], Is.EqualTo(1).Within(0.01));
        Assert.That(row[^9], Is.EqualTo(0).Within(0.01));
        Assert.That(row[^8..], Is.All.EqualTo(0.5).Within(0.01));
    }

    /// <summary>Returns one plane of the input, converted back to 0 to 1.</summary>
    private float[] Plane(int channel) => [.. _tensors.Input.Slice(channel * Size * Size, Size * Size).ToArray()
        .Select(value => value * Shipped.Std[channel] + Shipped.Mean[channel])];

    private static float[] Crop(float[] padded, Padding padding)
    {
        float[] scratch = new float[Size * Size], target = new float[Size * Size];
        PaddedPhoto.Crop(padded, padding, Size, Size, scratch, target);
        return target;
    }
}
