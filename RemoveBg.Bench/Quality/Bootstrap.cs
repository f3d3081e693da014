namespace RemoveBg.Bench.Quality;

/// <summary>How far a mean may be off because the set has few pictures: the 95 % percentile interval
/// over resampled sets (Efron 1979).</summary>
internal static class Bootstrap
{
    private const int Resamples = 1000;

    /// <returns>Low and high; the same twice for a single value.</returns>
    public static double[] IntervalOfMean(IReadOnlyList<double> values)
    {
        // The same set gives the same interval.
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
