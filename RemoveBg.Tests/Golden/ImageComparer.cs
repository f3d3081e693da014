using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Golden;

/// <summary>
/// Compares two images. They match if at most <see cref="FewPixels"/> of their pixels differ by more than
/// <see cref="SmallStep"/> in premultiplied R, G, B or alpha.
/// </summary>
/// <remarks>
/// Rounding and another processor's fused multiply-add may change that much, and it is invisible.
/// </remarks>
internal static class ImageComparer
{
    public const int SmallStep = 4;

    /// <summary>Share of pixels: one in 2,000.</summary>
    public const double FewPixels = 0.0005;

    /// <returns>A description of the difference; null if the images match.</returns>
    public static string? Difference(Picture expected, Picture actual)
    {
        if ((expected.Width, expected.Height) != (actual.Width, actual.Height))
            return $"expected {expected.Width} x {expected.Height} pixels, got {actual.Width} x {actual.Height}";
        var (many, most, sum, where) = (0, 0, 0L, (0, 0));
        for (var y = 0; y < expected.Height; y++)
            for (var x = 0; x < expected.Width; x++)
            {
                var step = Step(expected[x, y], actual[x, y]);
                sum += step;
                if (step > SmallStep) many++;
                if (step > most) (most, where) = (step, (x, y));
            }
        var pixels = expected.Width * expected.Height;
        return many <= FewPixels * pixels ? null
            : $"{many} of {pixels} pixels differ by more than {SmallStep} (allowed: {(int)(FewPixels * pixels)}); "
                + $"maximum {most} at {where}, mean {sum / (double)pixels:0.000}";
    }

    private static int Step((byte R, byte G, byte B, byte A) first, (byte R, byte G, byte B, byte A) second) =>
        Math.Max(
        Math.Max(Channel(first.R, first.A, second.R, second.A), Channel(first.G, first.A, second.G, second.A)),
        Math.Max(Channel(first.B, first.A, second.B, second.A), Math.Abs(first.A - second.A)));

    private static int Channel(byte first, byte firstAlpha, byte second, byte secondAlpha) =>
        (int)Math.Round(Math.Abs(first * firstAlpha / 255.0 - second * secondAlpha / 255.0));
}
