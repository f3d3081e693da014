namespace RemoveBg.Bench.Quality;

/// <summary>One picture: the whole cut-out's alpha against the truth, and what bilinear
/// enlargement alone gives.</summary>
/// <param name="Plain">Of the network's first look.</param>
/// <param name="AllLooks">Of all looks together.</param>
internal sealed record PictureFigures(string Name, Score Ours, Score Plain, Score AllLooks);

/// <summary>What <c>./bench quality --json</c> says of one set.</summary>
/// <param name="Plain">One run of the network, enlarged bilinearly.</param>
/// <param name="AllLooks">All looks that the pipeline took, enlarged bilinearly: what is between this and the
/// set's own figures is refinement's doing.</param>
internal sealed record SetFigures(
    string Name, int Pairs, double MeanIoU, double[] MeanIoUInterval, double Mae, double[] MaeInterval, double Sad,
        double Grad, double MaxF, double BandSad, double BandGrad,
    Scores Plain, Scores AllLooks, double? CompositeError, double? CompositeErrorInputColours, Changes FromPlain,
        Changes FromAllLooks, IReadOnlyList<PictureFigures> Pictures)
{
    public static SetFigures Of(string name, IReadOnlyList<PictureFigures> pictures,
        IReadOnlyList<(double Estimated, double InputColours)> colours)
    {
        IReadOnlyList<Score> ours = [.. pictures.Select(it => it.Ours)], plain = [.. pictures.Select(it => it.Plain)],
            looks = [.. pictures.Select(it => it.AllLooks)];
        var mean = Scores.Mean(ours);
        return new(
            name, pictures.Count, mean.MeanIoU, Interval(it => it.Iou), mean.Mae, Interval(it => it.Mae), mean.Sad,
                mean.Grad, mean.MaxF, mean.BandSad, mean.BandGrad,
            Scores.Mean(plain), Scores.Mean(looks),
            colours.Count == 0 ? null : colours.Average(it => it.Estimated),
                colours.Count == 0 ? null : colours.Average(it => it.InputColours),
            Changes.Of(ours, plain), Changes.Of(ours, looks), pictures);

        double[] Interval(Func<Score, double> of) => Bootstrap.IntervalOfMean([.. ours.Select(of)]);
    }
}
