using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Segmentation;

/// <summary>Ratings of how well an alpha fits a photo.</summary>
public sealed class OutlineTests
{
    private const int Size = 96;

    [TestCase(0, ExpectedResult = true)]
    [TestCase(5, ExpectedResult = false)]
    [TestCase(-5, ExpectedResult = false)]
    public bool An_outline_is_strong_only_on_the_photos_edge(int offset) =>
        Strength((x, _) => x < 40 ? 0.9f : 0.2f, (x, _) => x < 40 + offset ? 1 : 0) > 10;

    [Test]
    public void In_noise_an_outline_is_as_strong_as_an_arbitrary_line()
    {
        var random = new Random(1);
        var noise = Enumerable.Range(0, Size * Size).Select(_ => random.NextSingle()).ToArray();
        Assert.That(Strength((x, y) => noise[y * Size + x],
            (x, y) => (x - 48) * (x - 48) + (y - 48) * (y - 48) < 900 ? 1 : 0), Is.EqualTo(1).Within(0.15));
    }

    [TestCase(0)]
    [TestCase(1)]
    public void An_alpha_without_an_outline_is_least_likely(float everywhere)
    {
        float Photo(int x, int y) => (x * x + y) / 10_000f;
        Assert.That(Likelihood(Photo, (_, _) => everywhere), Is.LessThan(Likelihood(Photo, (x, _) => x < 60 ? 1 : 0)));
    }

    [Test]
    public void With_the_same_outline_the_more_confident_alpha_is_likelier()
    {
        float Photo(int x, int y) => x < 40 ? 0.9f : 0.2f;
        var confident = Likelihood(Photo, (x, _) => x < 40 ? 1 : 0);
        Assert.That(confident, Is.GreaterThan(Likelihood(Photo, (x, _) => x < 40 ? 0.7f : 0.3f)));
    }

    private static double Strength(Func<int, int, float> photo, Func<int, int, float> alpha) =>
        On(photo, alpha, Outline.Strength);

    private static double Likelihood(Func<int, int, float> photo, Func<int, int, float> alpha) =>
        On(photo, alpha, Outline.Likelihood);

    private static double On(Func<int, int, float> photo, Func<int, int, float> alpha, Measure measure)
    {
        using var planes = new FloatPlanes(Size, Size);
        using var pixels = planes.Rent();
        var values = new float[Size * Size];
        for (var i = 0; i < values.Length; i++)
        {
            pixels[i] = Vector128.Create(photo(i % Size, i / Size)).WithElement(3, 1f);
            values[i] = alpha(i % Size, i / Size);
        }
        return measure(pixels, values, Size);
    }

    private delegate double Measure(FloatPlane pixels, ReadOnlySpan<float> alpha, int width);
}
