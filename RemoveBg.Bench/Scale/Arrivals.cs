namespace RemoveBg.Bench.Scale;

/// <summary>Arrival times of artworks, and distributions of their duration, in seconds.</summary>
internal static class Arrivals
{
    /// <summary>Artworks that arrive all at once.</summary>
    public static IReadOnlyList<double> Burst(int count) => new double[count];

    /// <summary>Artworks that arrive as a Poisson process.</summary>
    public static IReadOnlyList<double> Steady(double perSecond, int count, int seed)
    {
        var random = new Random(seed);
        var at = 0.0;
        return [.. Enumerable.Range(0, count).Select(_ => at += Exponential(random, 1 / perSecond))];
    }

    public static double Exponential(Random random, double mean) => -mean * Math.Log(1 - random.NextDouble());

    /// <summary>Log-normal durations: as with photos, a few take much longer than most.</summary>
    /// <param name="spread">Standard deviation of the logarithm.</param>
    public static Func<Random, double> LogNormal(double mean, double spread) => random =>
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return mean * Math.Exp(spread * normal - spread * spread / 2);
    };
}
