using System.Text.Json.Serialization;

namespace RemoveBg.Bench.Quality;

/// <summary>Scores of one image against the truth.</summary>
/// <param name="Ours">Scores of the whole cut-out's alpha.</param>
/// <param name="Plain">Scores of the network's own alpha, upscaled bilinearly.</param>
internal sealed record ImageFigures(string Name, Score Ours, Score Plain);

/// <summary>Figures of one set, as written by <c>./bench quality --json</c>.</summary>
/// <param name="Plain">Scores of the network's own alpha, upscaled bilinearly.</param>
internal sealed record SetFigures(
    string Name, int Pairs, double MeanIoU, double[] MeanIoUInterval, double Mae, double[] MaeInterval, double Sad,
        double Grad, double MaxF, double BandSad, double BandGrad,
    Scores Plain, double? CompositeError, double? CompositeErrorInputColours, Changes FromPlain,
        [property: JsonPropertyName("pictures")] IReadOnlyList<ImageFigures> Images)
{
    public static SetFigures Of(string name, IReadOnlyList<ImageFigures> images,
        IReadOnlyList<(double Estimated, double InputColours)> colours)
    {
        IReadOnlyList<Score> ours = [.. images.Select(it => it.Ours)], plain = [.. images.Select(it => it.Plain)];
        var mean = Scores.Mean(ours);
        return new(
            name, images.Count, mean.MeanIoU, Interval(it => it.Iou), mean.Mae, Interval(it => it.Mae), mean.Sad,
                mean.Grad, mean.MaxF, mean.BandSad, mean.BandGrad,
            Scores.Mean(plain),
            colours.Count == 0 ? null : colours.Average(it => it.Estimated),
                colours.Count == 0 ? null : colours.Average(it => it.InputColours),
            Changes.Of(ours, plain), images);

        double[] Interval(Func<Score, double> of) => Bootstrap.IntervalOfMean([.. ours.Select(of)]);
    }
}
