using RemoveBg.Core.Imaging;
using RemoveBg.Core.Matting;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;
using RemoveBg.Tests.Imaging;
using static RemoveBg.Tests.Imaging.ResampleTests;

namespace RemoveBg.Tests.Matting;

/// <summary>Mattes upscaled from the network's small, soft alpha to the photo's own edges.</summary>
public sealed class MatteTests
{
    private const int Size = 320;

    [Test]
    public void The_edge_moves_to_the_photos_edge()
    {
        // A disc in a large photo; the network's disc is blurred and a little too large.
        using var photo = Paint(2000, 1500, (x, y) => Inside(x, y, 1000, 750, 500) ? 0xFF2040C0 : 0xFF90C0E0);
        var alpha = Alpha(photo,
            (x, y) => 1 / (1 + Math.Exp((Math.Sqrt((x - 1000) * (x - 1000) + (y - 750) * (y - 750)) - 506) / 6)));
        var wrong = 0;
        for (var y = 0; y < photo.Height; y++)
            for (var x = 0; x < photo.Width; x++)
                if (alpha[y][x] >= 128 != Inside(x, y, 1000, 750, 500)) wrong++;
        // The blurred matte alone would be wrong on a ring 6 pixels wide, about 19,000 pixels.
        Assert.That(wrong, Is.LessThan(4_000));
        Assert.That(alpha[750][1000], Is.EqualTo(255));
        Assert.That(alpha[10][10], Is.EqualTo(0));
    }

    [Test]
    public void A_hole_stays_open_and_a_thin_part_stays()
    {
        using var photo = Paint(1280, 960, (x, y) => IsSubject(x, y) ? 0xFF203020 : 0xFFE0D8D0);
        var alpha = Alpha(photo, (x, y) => IsSubject(x, y) ? 0.97 : 0.02);
        Assert.That(alpha[480][640], Is.LessThan(20), "the hole");
        Assert.That(alpha[100][640], Is.GreaterThan(235), "the stalk");
        static bool IsSubject(double x, double y) => (Inside(x, y, 640, 480, 250) && !Inside(x, y, 640, 480, 40))
            || (Math.Abs(x - 640) < 8 && y is > 40 and < 480);
    }

    [Test]
    public void A_photo_without_a_subject_has_an_empty_matte()
    {
        using var photo = Paint(800, 600, (x, y) => 0xFF000000 | (uint)(x * 255 / 800) | (uint)(y * 255 / 600) << 8);
        var alpha = Alpha(photo, (x, _) => 0.05 + 0.1 * (x % 50) / 50);
        Assert.That(alpha.SelectMany(row => row), Is.All.Zero);
    }

    [TestCase(1, 1)]
    [TestCase(1, 700)]
    [TestCase(700, 1)]
    [TestCase(2, 3)]
    [TestCase(319, 321)]
    [TestCase(5000, 17)]
    public void Every_row_is_written_completely_at_every_size(int width, int height)
    {
        using var photo = Paint(width, height, (_, _) => 0xFF808080);
        foreach (var row in Alpha(photo, (_, _) => 1)) Assert.That(row, Is.All.EqualTo(255));
        foreach (var row in Alpha(photo, (_, _) => 0)) Assert.That(row, Is.All.Zero);
    }

    [Test]
    public void Uncertain_alpha_follows_surroundings_of_the_same_colour()
    {
        // The left half is dark and clearly subject except for an uncertain patch; the right half is bright and clearly
        // background.
        using var photo = Paint(Size, Size, (x, _) => x < 160 ? 0xFF202020 : 0xFFE0E0E0);
        using var tensors = Given(photo, (x, y) => x >= 160 ? 0.02 : Inside(x, y, 80, 160, 6) ? 0.4 : 0.98);
        RefineMask.Run(tensors, isVague: false);
        Assert.That(tensors.Output[160 * Size + 80], Is.GreaterThan(0.75f),
            "0.4 before: now on the other side, but not yet confident");
        Assert.That(tensors.Output[160 * Size + 240], Is.LessThan(0.05f));
        Assert.That(tensors.Output.ToArray(), Is.All.InRange(0f, 1f));
    }

    [Test]
    public void A_vague_mask_is_refined_harder_and_in_favour_of_the_subject()
    {
        // The subject is all haze, a little above one half. If the network is confident, the subject is faint; if
        // it is vague, the subject is solid.
        using var photo = Paint(Size, Size, (x, _) => x < 160 ? 0xFF202020 : 0xFFE0E0E0);
        using Tensors confident = Given(photo, (x, _) => x < 160 ? 0.55 : 0.02),
            vague = Given(photo, (x, _) => x < 160 ? 0.55 : 0.02);
        RefineMask.Run(confident, isVague: false);
        RefineMask.Run(vague, isVague: true);
        Assert.That(confident.Output[160 * Size + 80], Is.InRange(0.5f, 0.75f), "0.55 before: hardly changed");
        Assert.That(vague.Output[160 * Size + 80], Is.GreaterThan(0.9f));
        Assert.That(vague.Output[160 * Size + 240], Is.LessThan(0.05f),
            "clear background stays background");
    }

    private static bool Inside(double x, double y, double cx, double cy, double radius) =>
        (x - cx) * (x - cx) + (y - cy) * (y - cy) < radius * radius;

    /// <summary>Tensors as a network would leave them, with the output that <paramref name="alpha"/> gives for the
    /// photo's coordinates.</summary>
    private static Tensors Given(Photo photo, Func<double, double, double> alpha)
    {
        var tensors = new Tensors(Size);
        PrepareTensor.Run(photo, tensors, ModelManifest.Shipped.Find("removebg")!);
        for (var y = 0; y < Size; y++)
            for (var x = 0; x < Size; x++)
                tensors.Output[y * Size + x] =
                    (float)alpha((x + 0.5) * photo.Width / Size - 0.5, (y + 0.5) * photo.Height / Size - 0.5);
        return tensors;
    }

    private static List<byte[]> Alpha(Photo photo, Func<double, double, double> alpha)
    {
        using var tensors = Given(photo, alpha);
        RefineMask.Run(tensors, isVague: false);
        using var grid = Grid.Of(photo);
        using var matte = Matte.Run(tensors, grid);
        return [.. Enumerable.Range(0, photo.Height).Select(y =>
        {
            // Prefill the row with a value that must be overwritten.
            var row = Enumerable.Repeat((byte)77, photo.Width).ToArray();
            matte.Row(y, photo.Row(y), row);
            return row;
        })];
    }
}
