namespace RemoveBg.Core.Segmentation;

/// <summary>How unsure a network was, told by its own haze: the area that it calls neither subject nor
/// background, against the area of the subject. 0 is none. Of removebg-lite on ECSSD-200 the rank
/// correlation with the true IoU is -0.74.</summary>
public static class Uncertainty
{
    /// <summary>From here on most of what is soft is haze, not hair or glass (docs/measurements.md).</summary>
    public const double Much = 0.5;

    private const float Soft = 0.1f;

    /// <summary>Least share that counts as the subject's: an almost empty matte shall not divide by zero.</summary>
    private const double LeastSubject = 0.01;

    /// <param name="alpha">The network's output, 0 to 1.</param>
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

    /// <returns>1 for no doubt, towards 0 for much.</returns>
    public static double ToConfidence(double doubt) => 1 / (1 + doubt);
}
