using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Layout;

/// <summary>A rectangle in whole pixels.</summary>
public readonly record struct Box(int Left, int Top, int Width, int Height)
{
    /// <summary>Smallest alpha, 0 to 255, that counts as visible: fainter haze does not widen the rectangle.</summary>
    private const uint Visible = 13;

    /// <summary>Resolves a region against an image's size.</summary>
    /// <param name="region">The region.</param>
    /// <param name="width">Image width, in pixels.</param>
    /// <param name="height">Image height, in pixels.</param>
    /// <returns>Null when the region lies outside the image.</returns>
    internal static Box? Of(Region region, int width, int height)
    {
        var left = Math.Clamp((int)Math.Floor(region.X1.Of(width)), 0, width);
        var top = Math.Clamp((int)Math.Floor(region.Y1.Of(height)), 0, height);
        var right = Math.Clamp((int)Math.Ceiling(region.X2.Of(width)), 0, width);
        var bottom = Math.Clamp((int)Math.Ceiling(region.Y2.Of(height)), 0, height);
        return right > left && bottom > top ? new(left, top, right - left, bottom - top) : null;
    }

    /// <summary>Copies this part of a photo.</summary>
    internal Photo CutFrom(Photo photo)
    {
        var part = new Photo(Width, Height, photo.IsOpaque);
        for (var y = 0; y < Height; y++) photo.Row(Top + y).Slice(Left, Width).CopyTo(part.Row(y));
        return part;
    }

    /// <summary>Replaces this part of a photo.</summary>
    internal void CopyInto(Photo photo, Photo part)
    {
        for (var y = 0; y < Height; y++) part.Row(y).CopyTo(photo.Row(Top + y).Slice(Left, Width));
    }

    /// <summary>Finds the smallest rectangle around everything visible.</summary>
    /// <returns>Null when nothing is visible.</returns>
    internal static Box? Around(Photo cutOut)
    {
        var columns = new bool[cutOut.Width];
        int top = -1, bottom = -1;
        for (var y = 0; y < cutOut.Height; y++)
        {
            var row = cutOut.Row(y);
            var any = false;
            for (var x = 0; x < row.Length; x++)
                if (row[x] >> 24 >= Visible) columns[x] = any = true;
            if (!any) continue;
            if (top < 0) top = y;
            bottom = y;
        }
        if (top < 0) return null;
        var left = Array.IndexOf(columns, true);
        return new(left, top, Array.LastIndexOf(columns, true) - left + 1, bottom - top + 1);
    }
}
