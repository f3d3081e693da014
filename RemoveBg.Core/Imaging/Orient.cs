namespace RemoveBg.Core.Imaging;

/// <summary>Turns an image upright.</summary>
internal static class Orient
{
    /// <summary>Side of the square tiles copied at once, in pixels, so that the rows of both images stay in the L1
    /// cache.</summary>
    private const int Tile = 32;

    /// <returns><paramref name="photo"/> itself if it is upright; otherwise a new image, and
    /// <paramref name="photo"/> is disposed.</returns>
    public static unsafe Photo Run(Photo photo, ExifOrientation orientation)
    {
        if (orientation == ExifOrientation.Upright) return photo;

        // Source index of the upright pixel (x, y) = origin + x * right + y * down.
        long w = photo.Width, h = photo.Height;
        var (origin, right, down) = orientation switch
        {
            ExifOrientation.MirroredHorizontally => (w - 1, -1L, w),
            ExifOrientation.Rotated180 => (w * h - 1, -1L, -w),
            ExifOrientation.MirroredVertically => (w * (h - 1), 1L, -w),
            ExifOrientation.Transposed => (0L, w, 1L),
            ExifOrientation.NeedsClockwise => (w * (h - 1), -w, 1L),
            ExifOrientation.Transversed => (w * h - 1, -w, -1L),
            ExifOrientation.NeedsCounterClockwise => (w - 1, w, -1L),
            _ => throw new ArgumentOutOfRangeException(nameof(orientation), orientation,
                "The EXIF orientation must be from 1 to 8."),
        };
        var turned = orientation >= ExifOrientation.Transposed;
        var upright =
            new Photo(turned ? photo.Height : photo.Width, turned ? photo.Width : photo.Height, photo.IsOpaque);
        try
        {
            var (width, height) = (upright.Width, upright.Height);
            uint* from = photo.Pixels, to = upright.Pixels;
            Parallel.For(0, (height + Tile - 1) / Tile, band =>
            {
                var bottom = Math.Min(height, (band + 1) * Tile);
                for (var left = 0; left < width; left += Tile)
                    for (var y = band * Tile; y < bottom; y++)
                    {
                        var source = from + origin + left * right + y * down;
                        var target = to + (long)y * width + left;
                        for (var count = Math.Min(Tile, width - left); count > 0; count--, source += right)
                            *target++ = *source;
                    }
            });
            photo.Dispose();
            return upright;
        }
        catch
        {
            upright.Dispose();
            throw;
        }
    }
}
