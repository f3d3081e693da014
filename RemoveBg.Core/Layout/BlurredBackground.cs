using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Layout;

/// <summary>The photo without its subject, blurred: a small copy, since a blur has no detail.</summary>
/// <remarks>The subject has no weight in the blur (normalized convolution, Knutsson and Westin 1993), so its colours
/// make no halo around it. Where the subject was, the blur widens until it reaches background.</remarks>
internal sealed class BlurredBackground : IDisposable
{
    /// <summary>Strength of the blur unless a caller gives another, 1 to 100.</summary>
    public const int DefaultStrength = 50;

    /// <summary>Longest side of the copy, in pixels.</summary>
    private const int MostPixels = 768;

    /// <summary>Standard deviation of the blur at strength 100, as a share of the photo's longer side.</summary>
    private const double Widest = 0.04;

    /// <summary>Weight of a window below which a wider blur begins to take over.</summary>
    private const float Enough = 0.1f;

    private readonly FloatPlanes _planes;
    private readonly FloatPlane _colours;
    private readonly int _photoWidth, _photoHeight;

    private BlurredBackground(Photo photo)
    {
        (_photoWidth, _photoHeight) = (photo.Width, photo.Height);
        var scale = Math.Min(1, MostPixels / (double)Math.Max(photo.Width, photo.Height));
        _planes = new(Math.Max(1, (int)Math.Round(photo.Width * scale)),
            Math.Max(1, (int)Math.Round(photo.Height * scale)));
        _colours = _planes.Rent();
        Resample.Colours(photo, _colours.AsSpan(), _planes.Width, _planes.Height);
    }

    /// <summary>Copies the colours of a photo.</summary>
    /// <param name="photo">The whole upright photo.</param>
    public static BlurredBackground Of(Photo photo) => new(photo);

    /// <summary>Takes the subject out of the copy.</summary>
    /// <param name="alpha">The subject's alpha in <paramref name="region"/>, 0 to 1, row by row.</param>
    /// <param name="width">Samples of a row of <paramref name="alpha"/>.</param>
    /// <param name="region">Part of the photo in which the subject was searched.</param>
    public void RemoveSubject(ReadOnlySpan<float> alpha, int width, Box region)
    {
        var height = alpha.Length / width;
        for (var y = 0; y < _planes.Height; y++)
        {
            // The nearest sample will do: a blur follows.
            var v = ((y + 0.5) * _photoHeight / _planes.Height - region.Top) / region.Height;
            for (var x = 0; x < _planes.Width; x++)
            {
                var u = ((x + 0.5) * _photoWidth / _planes.Width - region.Left) / region.Width;
                if (u is >= 0 and < 1 && v is >= 0 and < 1)
                    _colours[y * _planes.Width + x] *= 1 - alpha[(int)(v * height) * width + (int)(u * width)];
            }
        }
    }

    /// <summary>Blurs the copy, and draws it behind a cut-out, which it covers.</summary>
    /// <param name="image">The cut-out.</param>
    /// <param name="part">Part of the upright photo to draw.</param>
    /// <param name="strength">Strength of the blur, from 1 to 100.</param>
    public void PutBehind(Photo image, Window part, int strength)
    {
        using var blurred = Run(strength);
        Backdrop.Image(image, blurred,
            part.Scaled((double)blurred.Width / _photoWidth, (double)blurred.Height / _photoHeight));
    }

    public void Dispose()
    {
        _colours.Dispose();
        _planes.Dispose();
    }

    /// <returns>A small opaque image of the whole photo.</returns>
    private Photo Run(int strength)
    {
        var sigma = Widest * strength / 100 * Math.Max(_planes.Width, _planes.Height);
        using var blurred = Blur(sigma);
        var photo = new Photo(_planes.Width, _planes.Height, isOpaque: true);
        for (var y = 0; y < photo.Height; y++)
        {
            var row = photo.Row(y);
            for (var x = 0; x < row.Length; x++)
            {
                var colour = Vector128.ConvertToInt32(Vector128.Min(blurred[y * row.Length + x]
                    + Vector128.Create(0.5f), Vector128.Create(255f)));
                row[x] = (uint)colour[0] | ((uint)colour[1] << 8) | ((uint)colour[2] << 16) | 0xFF000000;
            }
        }
        return photo;
    }

    /// <summary>Blurs the colours by their alpha; where a window has too little of it, takes a wider one.</summary>
    private FloatPlane Blur(double sigma)
    {
        var blurred = _planes.Rent();
        _colours.AsSpan().CopyTo(blurred.AsSpan());
        foreach (var radius in BoxRadii(sigma))
            if (radius > 0) Mean(blurred, radius);
        var isComplete = true;
        foreach (var colour in blurred.AsSpan()) isComplete &= colour[3] >= Enough * 255;
        // Wider than the image, nothing changes any more.
        using var wider = isComplete || sigma > Math.Max(_planes.Width, _planes.Height) ? null
            : Blur(Math.Max(4, 3 * sigma));
        for (var i = 0; i < blurred.Count; i++)
        {
            var weight = blurred[i][3] / 255;
            if (weight > 0) blurred[i] /= weight;
            var share = Math.Min(1, weight / Enough);
            if (wider is not null && share < 1) blurred[i] = blurred[i] * share + wider[i] * (1 - share);
        }
        return blurred;
    }

    /// <summary>Replaces each sample by the mean of the window around it.</summary>
    private void Mean(FloatPlane plane, int radius)
    {
        BoxBlur.Run(plane, _planes, radius);
        var share = 1f / ((2 * radius + 1) * (2 * radius + 1));
        foreach (ref var sample in plane.AsSpan()) sample *= share;
    }

    /// <summary>Returns radii of three box filters that together come close to a Gaussian (Kovesi 2010).</summary>
    private static int[] BoxRadii(double sigma)
    {
        const int boxes = 3;
        var narrow = (int)Math.Sqrt(12 * sigma * sigma / boxes + 1);
        if (narrow % 2 == 0) narrow--;
        var count = (12 * sigma * sigma - boxes * narrow * narrow - 4 * boxes * narrow - 3 * boxes) / (-4 * narrow - 4);
        return [.. Enumerable.Range(0, boxes).Select(i => (i < Math.Round(count) ? narrow : narrow + 2) / 2)];
    }
}
