using System.Text.Json.Serialization;

namespace RemoveBg.Bench.Quality;

/// <summary>Scores of one image's alpha against the truth.</summary>
/// <param name="Iou">Intersection over union at threshold one half.</param>
/// <param name="Mae">Mean absolute error, 0 to 1.</param>
/// <param name="Sad">Sum of absolute differences, in thousands.</param>
/// <param name="Grad">Sum of squared differences of the gradients' magnitudes (Gaussian derivative, sigma 1.4;
/// Rhemann et al. 2009), in thousands.</param>
/// <param name="BandSad"><paramref name="Sad"/> within the unknown band of the true trimap.</param>
/// <param name="BandGrad"><paramref name="Grad"/> within that band.</param>
/// <param name="Precision">Precision at each threshold from 0 to 255.</param>
/// <param name="Recall">Recall at each threshold from 0 to 255.</param>
internal sealed record Score(
    double Iou, double Mae, double Sad, double Grad, double BandSad, double BandGrad,
    [property: JsonIgnore] double[] Precision, [property: JsonIgnore] double[] Recall);

/// <summary>Mean scores of a set.</summary>
/// <param name="MaxF">Largest F-beta (beta² = 0.3) over all thresholds, with precision and recall averaged over the
/// images (Achanta et al. 2009).</param>
internal sealed record Scores(double MeanIoU, double Mae, double Sad, double Grad, double MaxF, double BandSad,
    double BandGrad)
{
    /// <summary>Distance from a soft pixel to the edge of the unknown band, in pixels.</summary>
    private const int BandWidth = 8;

    private const double Sigma = 1.4;

    public static Scores Mean(IReadOnlyList<Score> all) => new(
        all.Average(it => it.Iou), all.Average(it => it.Mae), all.Average(it => it.Sad), all.Average(it => it.Grad),
            MaxFBeta(all),
        all.Average(it => it.BandSad), all.Average(it => it.BandGrad));

    public static Score Of(Plane alpha, Plane truth)
    {
        var band = Band(truth);
        float[] slopes = Slopes(alpha), trueSlopes = Slopes(truth);
        var (both, any, sad, grad, bandSad, bandGrad) = (0L, 0L, 0.0, 0.0, 0.0, 0.0);
        long[] inside = new long[256], outside = new long[256];
        for (var i = 0; i < truth.Values.Length; i++)
        {
            float a = alpha.Values[i], t = truth.Values[i];
            if (a >= 0.5f && t >= 0.5f) both++;
            if (a >= 0.5f || t >= 0.5f) any++;
            (t >= 0.5f ? inside : outside)[(int)(a * 255 + 0.5f)]++;
            var (difference, slope) = (Math.Abs(a - t), Math.Pow(slopes[i] - trueSlopes[i], 2));
            sad += difference;
            grad += slope;
            if (!band[i]) continue;
            bandSad += difference;
            bandGrad += slope;
        }
        double[] precision = new double[256], recall = new double[256];
        var (hits, alarms, subject) = (0L, 0L, Math.Max(1, inside.Sum()));
        for (var threshold = 255; threshold >= 0; threshold--)
        {
            hits += inside[threshold];
            alarms += outside[threshold];
            (precision[threshold], recall[threshold]) =
                (hits / (double)Math.Max(1, hits + alarms), hits / (double)subject);
        }
        return new(any == 0 ? 1 : both / (double)any, sad / truth.Values.Length, sad / 1000, grad / 1000,
            bandSad / 1000, bandGrad / 1000, precision, recall);
    }

    private static double MaxFBeta(IReadOnlyList<Score> all) => Enumerable.Range(0, 256).Max(threshold =>
    {
        var (precision, recall) = (all.Average(it => it.Precision[threshold]), all.Average(it => it.Recall[threshold]));
        return 1.3 * precision * recall / Math.Max(1e-9, 0.3 * precision + recall);
    });

    /// <summary>Returns the unknown band: pixels that are soft or near a soft one.</summary>
    private static bool[] Band(Plane truth)
    {
        var band = truth.Values.Select(value => value is > 0.02f and < 0.98f).ToArray();
        return Grow(Grow(band, truth.Width, truth.Height, 1), truth.Width, truth.Height, truth.Width);
    }

    /// <summary>Grows a band by <see cref="BandWidth"/> to both sides along one direction.</summary>
    private static bool[] Grow(bool[] band, int width, int height, int step)
    {
        var (grown, length) = (new bool[band.Length], step == 1 ? width : height);
        for (var i = 0; i < band.Length; i++)
        {
            if (!band[i]) continue;
            var at = step == 1 ? i % width : i / width;
            for (var k = -Math.Min(BandWidth, at); k <= Math.Min(BandWidth, length - 1 - at); k++)
                grown[i + k * step] = true;
        }
        return grown;
    }

    /// <summary>Computes the magnitude of the gradient.</summary>
    private static float[] Slopes(Plane plane)
    {
        var radius = (int)Math.Ceiling(3 * Sigma);
        double[] smooth = new double[2 * radius + 1], derivative = new double[2 * radius + 1];
        for (var k = -radius; k <= radius; k++)
        {
            smooth[k + radius] = Math.Exp(-k * k / (2 * Sigma * Sigma)) / (Sigma * Math.Sqrt(2 * Math.PI));
            derivative[k + radius] = -k / (Sigma * Sigma) * smooth[k + radius];
        }
        var (across, down) = (plane.Filtered(derivative, smooth), plane.Filtered(smooth, derivative));
        return [.. across.Zip(down, (x, y) => MathF.Sqrt(x * x + y * y))];
    }
}
