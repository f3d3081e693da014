using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Matting;

namespace RemoveBg.Bench.Quality;

/// <summary>
/// Measures the colour error of soft edges on a new background: mean of alpha × |estimated − true| over the pixels with
/// alpha between 0.05 and 0.95. The new background cancels out.
/// </summary>
/// <remarks>
/// Both sides use the true alpha, so that only colour counts. If a set has no true foregrounds, a scene is composed
/// first: the subject, with the colours of its solid parts extended to its edges, on another photo of the set.
/// </remarks>
internal static class ColourError
{
    /// <summary>Computes the error of the estimated colours, and that of the input's own colours.</summary>
    /// <returns>Both errors from 0 to 1; null for an image without soft pixels.</returns>
    public static (double Estimated, double InputColours)? Of(Photo photo, Plane alpha, Photo? foreground, Photo other)
    {
        using var made = foreground is null ? ExtendSolidColours(photo, alpha) : null;
        var truth = foreground ?? made!;
        using var scene = foreground is null ? ComposeOn(truth, alpha, other) : null;
        var input = scene ?? photo;

        using var grid = Grid.Of(input);
        using var colours = ForegroundColours.Run(grid,
            Plane.Resized(alpha.Values, alpha.Width, alpha.Height, grid.Width, grid.Height).Values);
        var (estimatedError, inputError, count) = (0.0, 0.0, 0L);
        for (var y = 0; y < input.Height; y++)
            for (var x = 0; x < input.Width; x++)
            {
                var a = alpha.Values[y * alpha.Width + x];
                if (a is <= 0.05f or >= 0.95f) continue;
                Vector128<float> given = Resample.ToFloats(input.Row(y)[x]), right = Resample.ToFloats(truth.Row(y)[x]);
                estimatedError += a * Distance(colours.At(x, y, given, a), right);
                inputError += a * Distance(given, right);
                count++;
            }
        return count == 0 ? null : (estimatedError / count, inputError / count);
    }

    private static double Distance(Vector128<float> a, Vector128<float> b) =>
        (Math.Abs(a[0] - b[0]) + Math.Abs(a[1] - b[1]) + Math.Abs(a[2] - b[2])) / (3 * 255);

    /// <summary>Extends the subject's solid colours along each row into the rest of the image.</summary>
    private static Photo ExtendSolidColours(Photo photo, Plane alpha)
    {
        var extended = new Photo(photo.Width, photo.Height, isOpaque: true);
        for (var y = 0; y < photo.Height; y++)
        {
            var (last, until) = (-1, 0);
            for (var x = 0; x < photo.Width; x++)
            {
                if (alpha.Values[y * alpha.Width + x] >= 0.95f) last = x;
                if (until < x) until = x;
                while (until < photo.Width && alpha.Values[y * alpha.Width + until] < 0.95f) until++;
                // Take the nearer of the solid pixels to the left and to the right.
                var from = last < 0 ? until : until >= photo.Width || x - last <= until - x ? last : until;
                extended.Row(y)[x] = photo.Row(y)[Math.Min(from, photo.Width - 1)] | 0xFF000000;
            }
        }
        return extended;
    }

    private static Photo ComposeOn(Photo subject, Plane alpha, Photo other)
    {
        var scene = new Photo(subject.Width, subject.Height, isOpaque: true);
        for (var y = 0; y < scene.Height; y++)
            for (var x = 0; x < scene.Width; x++)
            {
                var a = alpha.Values[y * alpha.Width + x];
                var behind =
                    Resample.ToFloats(other.Row(y * other.Height / scene.Height)[x * other.Width / scene.Width]);
                var mixed = Vector128.ConvertToInt32(Resample.ToFloats(subject.Row(y)[x]) * a + behind * (1 - a)
                    + Vector128.Create(0.5f));
                scene.Row(y)[x] = 0xFF000000 | (uint)mixed[0] | (uint)mixed[1] << 8 | (uint)mixed[2] << 16;
            }
        return scene;
    }
}
