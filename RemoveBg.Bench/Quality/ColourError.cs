using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Matting;

namespace RemoveBg.Bench.Quality;

/// <summary>
/// How wrong the colours of soft edges are before a new background, with the true alpha on both sides so that nothing
/// but colour counts: mean of alpha × |estimated − true| over the pixels with alpha between 0.05 and 0.95 (the new
/// background cancels out). Where a set has no true foregrounds, the subject is put before another photo of the set
/// first: its colours are then known, those of its solid parts carried outwards to its edges.
/// </summary>
internal static class ColourError
{
    /// <returns>Null for a picture without soft pixels.</returns>
    public static (double Estimated, double InputColours)? Of(Photo photo, Plane alpha, Photo? foreground, Photo other)
    {
        using var made = foreground is null ? Carried(photo, alpha) : null;
        var truth = foreground ?? made!;
        using var scene = foreground is null ? Before(truth, alpha, other) : null;
        var seen = scene ?? photo;

        using var grid = Grid.Of(seen);
        using var colours = ForegroundColours.Run(grid,
            Plane.Resized(alpha.Values, alpha.Width, alpha.Height, grid.Width, grid.Height).Values);
        var (estimated, input, count) = (0.0, 0.0, 0L);
        for (var y = 0; y < seen.Height; y++)
            for (var x = 0; x < seen.Width; x++)
            {
                var a = alpha.Values[y * alpha.Width + x];
                if (a is <= 0.05f or >= 0.95f) continue;
                Vector128<float> given = Resample.ToFloats(seen.Row(y)[x]), right = Resample.ToFloats(truth.Row(y)[x]);
                estimated += a * Distance(colours.At(x, y, given, a), right);
                input += a * Distance(given, right);
                count++;
            }
        return count == 0 ? null : (estimated / count, input / count);
    }

    private static double Distance(Vector128<float> a, Vector128<float> b) =>
        (Math.Abs(a[0] - b[0]) + Math.Abs(a[1] - b[1]) + Math.Abs(a[2] - b[2])) / (3 * 255);

    /// <summary>The subject's solid colours, each carried along its row and column into what is not solid.</summary>
    private static Photo Carried(Photo photo, Plane alpha)
    {
        var carried = new Photo(photo.Width, photo.Height, isOpaque: true);
        for (var y = 0; y < photo.Height; y++)
        {
            var (last, until) = (-1, 0);
            for (var x = 0; x < photo.Width; x++)
            {
                if (alpha.Values[y * alpha.Width + x] >= 0.95f) last = x;
                if (until < x) until = x;
                while (until < photo.Width && alpha.Values[y * alpha.Width + until] < 0.95f) until++;
                // The nearer of the solid pixels to the left and to the right.
                var from = last < 0 ? until : until >= photo.Width || x - last <= until - x ? last : until;
                carried.Row(y)[x] = photo.Row(y)[Math.Min(from, photo.Width - 1)] | 0xFF000000;
            }
        }
        return carried;
    }

    private static Photo Before(Photo subject, Plane alpha, Photo other)
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
