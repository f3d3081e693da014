using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Tests.Imaging;

public sealed class ResampleTests
{
    [Test]
    public void A_fine_checkerboard_downscales_to_even_grey_without_moire()
    {
        using var photo = Paint(400, 300, (x, y) => (x + y) % 2 == 0 ? 0xFFFFFFFF : 0xFF000000);
        var small = new Vector128<float>[37 * 29];
        Resample.Colours(photo, small, 37, 29);
        Assert.That(small.Select(pixel => pixel[0]), Has.All.EqualTo(127.5f).Within(3));
    }

    [TestCase(7, 5, 320, 320)]
    [TestCase(320, 320, 7, 5)]
    [TestCase(1, 1, 320, 320)]
    [TestCase(1, 2000, 320, 320)]
    [TestCase(333, 1, 320, 320)]
    public void A_flat_colour_is_unchanged(int fromWidth, int fromHeight, int toWidth, int toHeight)
    {
        using var photo = Paint(fromWidth, fromHeight, (_, _) => 0xFF4080C0);
        var result = new Vector128<float>[toWidth * toHeight];
        Resample.Colours(photo, result, toWidth, toHeight);
        foreach (var pixel in result)
            Assert.That(Vector128.LessThanAll(Vector128.Abs(pixel - Vector128.Create(0xC0, 0x80, 0x40, 255f)),
                Vector128.Create(0.01f)), Is.True, pixel.ToString());
    }

    [Test]
    public void Transparent_pixels_add_no_colour()
    {
        using var photo = Paint(200, 200, (x, _) => x % 2 == 0 ? 0xFF0000FF : 0x0000FF00, isOpaque: false);
        var small = new Vector128<float>[20 * 20];
        Resample.Colours(photo, small, 20, 20);
        Assert.That(small[210][1], Is.EqualTo(0), "green is only where alpha is 0");
        Assert.That(small[210][3], Is.EqualTo(127.5f).Within(1));
    }

    [Test]
    public void A_ramp_is_upscaled_evenly()
    {
        var source = Enumerable.Range(0, 16).Select(i => i / 15f).ToArray();
        var target = new float[160 * 3];
        Resample.Plane(source, 16, 1, target, 160, 3);
        Assert.That(target[..160], Is.Ordered);
        Assert.That(target[..160].Zip(target[1..160], (a, b) => b - a).Max(), Is.LessThanOrEqualTo(2 / 255f),
            "no steps");
        Assert.That((target[0], target[159]), Is.EqualTo((0f, 1f)));
        Assert.That(target[160..320], Is.EqualTo(target[..160]));
    }

    [Test]
    public void Catmull_Rom_keeps_a_flat_colour_and_stays_in_range()
    {
        using var flat = Paint(333, 250, (_, _) => 0xFF123456);
        using var stripes = Paint(333, 250, (x, _) => x / 20 % 2 == 0 ? 0xFFFFFFFF : 0xFF000000);
        var small = new Vector128<float>[80 * 80];
        Resample.Colours(flat, small, 80, 80, ResampleKernel.CatmullRom);
        Assert.That(small.Select(pixel => pixel[0]), Is.All.EqualTo(0x56).Within(0.01));
        Resample.Colours(stripes, small, 80, 80, ResampleKernel.CatmullRom);
        Assert.That(small.Select(pixel => pixel[1]), Is.All.InRange(0f, 255f));
    }

    internal static Photo Paint(int width, int height, Func<int, int, uint> colour, bool isOpaque = true)
    {
        var photo = new Photo(width, height, isOpaque);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                photo.Row(y)[x] = colour(x, y);
        return photo;
    }
}
