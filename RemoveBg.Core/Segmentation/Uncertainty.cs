namespace RemoveBg.Core.Segmentation;

/// <summary>Measures a network's uncertainty: soft area (alpha from 0.1 to 0.9) divided by subject area (alpha above
/// 0.5).</summary>
/// <remarks>Its rank correlation with the true IoU is -0.74, for our first model on ECSSD-200.</remarks>
public static class Uncertainty
{
    /// <summary>Uncertainty above which soft alpha is mostly haze, not hair or glass (docs/measurements.md).</summary>
    public const double Much = 0.5;

    private const float Soft = 0.1f;

    /// <summary>Smallest subject area to divide by, as a share of the image, because a matte may be empty.</summary>
    private const double LeastSubject = 0.01;

    /// <summary>Computes the uncertainty of an alpha; 0 for none.</summary>
    /// <param name="alpha">Network output from 0 to 1.</param>
    public static double Of(ReadOnlySpan<float> alpha)
    {
        var (soft, subject) = (0, 0);
        foreach (var value in alpha)
        {
            if (value is > Soft and < 1 - Soft) soft++;
            if (value > 0.5f) subject++;
        }
        return soft / (double)alpha.Length / Math.Max(LeastSubject, subject / (double)alpha.Length);
    }

    /// <summary>Converts uncertainty to a confidence: 1 for no uncertainty, towards 0 as it grows.</summary>
    public static double ToConfidence(double uncertainty) => 1 / (1 + uncertainty);
}
