using System.Globalization;

namespace RemoveBg.Bench.Quality;

/// <summary>Relative changes of errors compared with a baseline; -0.15 means 15 % less.</summary>
/// <param name="Sad">Change of the SAD summed over all images.</param>
/// <param name="MedianSad">Median of the images' own changes. A few images in which the network finds another subject
/// decide the sum.</param>
/// <param name="Grad">Change of the gradient error summed over all images.</param>
/// <param name="MedianGrad">Median of the images' own changes of the gradient error.</param>
internal sealed record Changes(double Sad, double MedianSad, double Grad, double MedianGrad)
{
    public static Changes Of(IReadOnlyList<Score> ours, IReadOnlyList<Score> baseline)
    {
        return new(OverAll(it => it.Sad), OfMedian(it => it.Sad), OverAll(it => it.Grad), OfMedian(it => it.Grad));

        double OverAll(Func<Score, double> of) => Change(ours.Sum(of), baseline.Sum(of));

        double OfMedian(Func<Score, double> of) =>
            Median([.. ours.Zip(baseline, (a, b) => Change(of(a), of(b))).Order()]);
    }

    /// <summary>The four in percent, in their order.</summary>
    public string[] Percentages => [Percent(Sad), Percent(MedianSad), Percent(Grad), Percent(MedianGrad)];

    private static double Change(double ours, double baseline) => baseline == 0 ? 0 : ours / baseline - 1;

    private static double Median(double[] ordered) =>
        (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;

    private static string Percent(double change) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * change:+0;-0;0} %");
}
