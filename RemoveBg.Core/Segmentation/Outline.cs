using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>How well an alpha's outline runs along the photo's own edges: subjects end
/// where the photo has some.</summary>
internal static class Outline
{
    /// <summary>Ten times as much doubt counts as an edge half as strong.</summary>
    private const double WeightOfDoubt = 0.3;

    /// <summary>Which of two alphas of a photo is the likelier one: ln of <see cref="Strength"/> less
    /// 0.3 ln of <see cref="Uncertainty"/>, because a sure answer is right more often. It says
    /// something only beside another one's.</summary>
    public static double Likelihood(FloatPlane pixels, ReadOnlySpan<float> alpha, int width) =>
        Math.Log(Strength(pixels, alpha, width) + 1e-9) - WeightOfDoubt * Math.Log(Uncertainty.Of(alpha) + 0.01);

    /// <summary>The photo's mean gradient along the outline, against that of the whole photo: 1 is what any
    /// line has, most subjects have 2 to 3.</summary>
    /// <param name="pixels">R, G, B from 0 to 1.</param>
    /// <param name="alpha">0 to 1, as many samples.</param>
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
