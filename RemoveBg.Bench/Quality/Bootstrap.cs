namespace RemoveBg.Bench.Quality;

/// <summary>Computes the uncertainty of a mean over few images, as the 95 % percentile interval over resampled sets
/// (Efron 1979).</summary>
internal static class Bootstrap
{
    private const int Resamples = 1000;

    /// <returns>The lower and upper limit; equal for a single value.</returns>
    public static double[] IntervalOfMean(IReadOnlyList<double> values)
    {
        // Use a fixed seed, so that the same set gives the same interval.
        var random = new Random(1);
        var means = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            var sum = 0.0;
            for (var k = 0; k < values.Count; k++) sum += values[random.Next(values.Count)];
            means[i] = sum / values.Count;
        }
        Array.Sort(means);
        return [means[Resamples / 40], means[Resamples - 1 - Resamples / 40]];
    }
}
