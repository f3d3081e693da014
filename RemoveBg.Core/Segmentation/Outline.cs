using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>Measures how well an alpha's outline follows the photo's edges, because a subject ends at an
/// edge.</summary>
internal static class Outline
{
    /// <summary>Weight of uncertainty: ten times the uncertainty counts as half the edge strength.</summary>
    private const double UncertaintyWeight = 0.3;

    /// <summary>Rates an alpha of a photo, to compare it with another alpha of the same photo: ln of
    /// <see cref="Strength"/> minus 0.3 ln of <see cref="Uncertainty"/>, because a confident result is right more
    /// often.</summary>
    public static double Likelihood(FloatPlane pixels, ReadOnlySpan<float> alpha, int width) =>
        Math.Log(Strength(pixels, alpha, width) + 1e-9) - UncertaintyWeight * Math.Log(Uncertainty.Of(alpha) + 0.01);

    /// <summary>Returns the photo's mean gradient along the outline, divided by that of the whole photo: 1 for an
    /// arbitrary line, 2 to 3 for most subjects.</summary>
    /// <param name="pixels">R, G, B from 0 to 1.</param>
    /// <param name="alpha">Alpha from 0 to 1, one per sample of <paramref name="pixels"/>.</param>
    /// <param name="width">Samples per row.</param>
    public static double Strength(FloatPlane pixels, ReadOnlySpan<float> alpha, int width)
    {
        double along = 0, length = 0, all = 0;
        for (var y = 1; y < alpha.Length / width - 1; y++)
        {
            for (var i = y * width + 1; i < (y + 1) * width - 1; i++)
            {
                var gradient = Gradient(pixels, i, width);
                float dx = alpha[i + 1] - alpha[i - 1], dy = alpha[i + width] - alpha[i - width];
                var weight = MathF.Sqrt(dx * dx + dy * dy);
                (along, length, all) = (along + weight * gradient, length + weight, all + gradient);
            }
        }
        return along / Math.Max(length, 1e-6) / Math.Max(all / alpha.Length, 1e-6);
    }

    private static float Gradient(FloatPlane pixels, int i, int width)
    {
        Vector128<float> dx = pixels[i + 1] - pixels[i - 1], dy = pixels[i + width] - pixels[i - width];
        return MathF.Sqrt(Vector128.Sum((dx * dx + dy * dy).WithElement(3, 0)));
    }
}
