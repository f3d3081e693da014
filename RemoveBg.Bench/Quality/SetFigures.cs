using System.Text.Json.Serialization;

namespace RemoveBg.Bench.Quality;

/// <summary>One picture: the whole cut-out's alpha against the truth, and what bilinear enlargement alone gives.</summary>
internal sealed record PictureFigures(string Name, Score Ours, Score Plain);

/// <summary>What <c>./bench quality --json</c> says of one set. Changes are shares of what plain gives: -0.15 is 15 % less.</summary>
/// <param name="MedianSadChange">Of each picture's own change: the mean over all is decided by the few in which the network finds something else.</param>
/// <param name="MedianGradChange">As <paramref name="MedianSadChange"/>, of the gradient error.</param>
internal sealed record SetFigures(
    string Name, int Pairs, double MeanIoU, double[] MeanIoUInterval, double Mae, double[] MaeInterval, double Sad, double Grad, double MaxF, double BandSad, double BandGrad, Scores Plain,
    double? CompositeError, double? CompositeErrorInputColours, double MedianSadChange, double MedianGradChange, IReadOnlyList<PictureFigures> Pictures)
{
    [JsonIgnore]
    public double SadChange => Change(Sad, Plain.Sad);

    [JsonIgnore]
    public double GradChange => Change(Grad, Plain.Grad);

    public static SetFigures Of(string name, IReadOnlyList<PictureFigures> pictures, IReadOnlyList<(double Estimated, double InputColours)> colours)
    {
        var (ours, plain) = (Scores.Mean([.. pictures.Select(it => it.Ours)]), Scores.Mean([.. pictures.Select(it => it.Plain)]));
        return new(
            name, pictures.Count, ours.MeanIoU, Interval(it => it.Iou), ours.Mae, Interval(it => it.Mae), ours.Sad, ours.Grad, ours.MaxF, ours.BandSad, ours.BandGrad, plain,
            colours.Count == 0 ? null : colours.Average(it => it.Estimated), colours.Count == 0 ? null : colours.Average(it => it.InputColours),
            MedianChange(it => it.Sad), MedianChange(it => it.Grad), pictures);

        double[] Interval(Func<Score, double> of) => Bootstrap.IntervalOfMean([.. pictures.Select(it => of(it.Ours))]);

        double MedianChange(Func<Score, double> of) => Median([.. pictures.Select(it => Change(of(it.Ours), of(it.Plain))).Order()]);
    }

    private static double Change(double ours, double plain) => plain == 0 ? 0 : ours / plain - 1;

    private static double Median(double[] ordered) => (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
}
