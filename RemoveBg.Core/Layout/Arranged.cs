using System.Runtime.Intrinsics;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Layout;

/// <summary>Crops, scales and positions the cut-out, and limits its size.</summary>
internal static class Arranged
{
    /// <summary>Lays out the result.</summary>
    /// <param name="cutOut">Cut-out of <paramref name="region"/>.</param>
    /// <param name="region">Part of the upright photo in which the subject was searched.</param>
    /// <param name="width">Width of the upright photo, in pixels.</param>
    /// <param name="height">Height of the upright photo, in pixels.</param>
    /// <param name="wanted">Crop, margin, scale, position, size and megapixels.</param>
    /// <param name="maxPixels">Upper limit of the result's pixels.</param>
    /// <returns><paramref name="cutOut"/> when there is nothing to do; else a new image, and
    /// <paramref name="cutOut"/> is disposed.</returns>
    public static Photo Run(Photo cutOut, Box region, int width, int height, CutOutOptions wanted, int maxPixels)
    {
        // 1. The result before downscaling: its size, the corner and the scale of the cut-out in it.
        var (canvasWidth, canvasHeight, left, top, enlarged) = Plan(cutOut, region, width, height, wanted);

        // 2. Downscale to the limits; never upscale.
        var longest = Math.Max(canvasWidth, canvasHeight);
        var most = Math.Min(maxPixels, (wanted.Megapixels ?? double.MaxValue) * 1_000_000);
        var shrink =
            Math.Min(1, Math.Min((wanted.Size ?? longest) / longest, Math.Sqrt(most / (canvasWidth * canvasHeight))));
        var (resultWidth, resultHeight) =
            (Math.Max(1, (int)Math.Round(canvasWidth * shrink)), Math.Max(1, (int)Math.Round(canvasHeight * shrink)));
        var scale = enlarged * shrink;
        if (scale == 1 && (left, top, resultWidth, resultHeight) == (0, 0, cutOut.Width, cutOut.Height)) return cutOut;

        // 3. Copy where no pixel changes its size; else resample.
        var result = new Photo(resultWidth, resultHeight, isOpaque: false);
        try
        {
            if (scale == 1) Copy(cutOut, result, (int)Math.Round(left), (int)Math.Round(top));
            else Resample.Window(cutOut, -left / enlarged, -top / enlarged, scale, resultWidth, resultHeight,
                (y, row) => Straighten(row, result.Row(y)));
            cutOut.Dispose();
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Returns the part of the upright photo that a crop shows; all of it without one.</summary>
    /// <param name="cutOut">Cut-out of <paramref name="region"/>, not yet arranged.</param>
    public static Window Shown(Photo cutOut, Box region, int width, int height, CutOutOptions wanted)
    {
        if (wanted.Crop != true) return new(0, 0, width, height);
        var (canvasWidth, canvasHeight, left, top, _) = Plan(cutOut, region, width, height, wanted);
        // Where nothing is visible, the plan is the whole photo.
        if ((canvasWidth, canvasHeight) == (width, height)) return new(0, 0, width, height);
        double right = Math.Min(width, region.Left - left + canvasWidth),
            bottom = Math.Min(height, region.Top - top + canvasHeight);
        (left, top) = (Math.Max(0, region.Left - left), Math.Max(0, region.Top - top));
        return new(left, top, right - left, bottom - top);
    }

    private static (double Width, double Height, double Left, double Top,
        double Scale) Plan(Photo cutOut, Box region, int width, int height, CutOutOptions wanted)
    {
        var asItIs = ((double)width, (double)height, (double)region.Left, (double)region.Top, 1d);
        if (wanted is { Crop: not true, Scale: null, Position: null or { Share: null } }) return asItIs;
        if (Box.Around(cutOut) is not { } subject) return asItIs;

        if (wanted.Crop == true)
        {
            var margin = wanted.CropMargin ?? Margin.None;
            double above = Math.Round(margin.Top.Of(subject.Height)),
                before = Math.Round(margin.Left.Of(subject.Width));
            return (
                subject.Width + before + Math.Round(margin.Right.Of(subject.Width)),
                subject.Height + above + Math.Round(margin.Bottom.Of(subject.Height)),
                before - subject.Left, above - subject.Top, 1);
        }

        var scale = wanted.Scale is { } fill
            ? fill.Share * Math.Min((double)width / subject.Width, (double)height / subject.Height) : 1;
        var (x, y) = (wanted.Position ?? Position.Center).Share is { } at
            ? (at.X * (width - subject.Width * scale), at.Y * (height - subject.Height * scale))
            // Keep its centre where it was, as far as it fits into the image.
            : (Math.Clamp(region.Left + subject.Left + subject.Width / 2d * (1 - scale), 0,
                Math.Max(0, width - subject.Width * scale)),
               Math.Clamp(region.Top + subject.Top + subject.Height / 2d * (1 - scale), 0,
                   Math.Max(0, height - subject.Height * scale)));
        if (scale == 1) (x, y) = (Math.Round(x), Math.Round(y));
        return (width, height, x - subject.Left * scale, y - subject.Top * scale, scale);
    }

    private static void Copy(Photo from, Photo to, int left, int top)
    {
        var (first, last) = (Math.Max(0, left), Math.Min(to.Width, left + from.Width));
        for (var y = 0; y < to.Height; y++)
        {
            var row = to.Row(y);
            row.Clear();
            if ((uint)(y - top) < (uint)from.Height && last > first)
                from.Row(y - top)[(first - left)..(last - left)].CopyTo(row[first..]);
        }
    }

    /// <summary>Converts premultiplied to straight alpha; colour is zero where alpha is zero.</summary>
    private static void Straighten(ReadOnlySpan<Vector128<float>> row, Span<uint> pixels)
    {
        for (var x = 0; x < pixels.Length; x++)
        {
            var alpha = (uint)(row[x][3] + 0.5f);
            if (alpha == 0)
            {
                pixels[x] = 0;
                continue;
            }
            var colour = Vector128.ConvertToInt32(
                Vector128.Min(row[x] * (255 / row[x][3]) + Vector128.Create(0.5f), Vector128.Create(255f)));
            pixels[x] = (uint)colour[0] | ((uint)colour[1] << 8) | ((uint)colour[2] << 16) | (alpha << 24);
        }
    }
}
