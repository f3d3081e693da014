using System.Globalization;

namespace RemoveBg.Bench.Quality;

/// <summary>How errors differ from those that something else makes, as shares of its: -0.15 is 15 % less.</summary>
/// <param name="Sad">Over all pictures.</param>
/// <param name="MedianSad">Of each picture's own change: the mean over all is decided by the few in which
/// the network finds something else.</param>
/// <param name="Grad">Of the gradient error, over all.</param>
/// <param name="MedianGrad">Of each picture's own change of it.</param>
internal sealed record Changes(double Sad, double MedianSad, double Grad, double MedianGrad)
{
    public static Changes Of(IReadOnlyList<Score> ours, IReadOnlyList<Score> theirs)
    {
        return new(OverAll(it => it.Sad), OfMedian(it => it.Sad), OverAll(it => it.Grad), OfMedian(it => it.Grad));

        double OverAll(Func<Score, double> of) => Change(ours.Sum(of), theirs.Sum(of));

        double OfMedian(Func<Score, double> of) =>
            Median([.. ours.Zip(theirs, (a, b) => Change(of(a), of(b))).Order()]);
    }

    public override string ToString() =>
        $"SAD {Percent(Sad)} over all and {Percent(MedianSad)} for the median picture, "
            + $"grad {Percent(Grad)} and {Percent(MedianGrad)}";

    private static double Change(double ours, double theirs) => theirs == 0 ? 0 : ours / theirs - 1;

    private static double Median(double[] ordered) =>
        (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;

    private static string Percent(double change) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * change:+0;-0;0} %");
}
