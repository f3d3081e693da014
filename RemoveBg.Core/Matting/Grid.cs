using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Matting;

/// <summary>A small copy of the photo, on which everything smooth is worked out: what varies slowly need not be
/// computed for 50 million pixels. Points lie at the centres of equal rectangles.</summary>
internal sealed class Grid : IDisposable
{
    /// <summary>Longest side in points: half the photo's, within these bounds.</summary>
    private const int FewestPoints = 320, MostPoints = 768;

    private Grid(int width, int height, Photo photo)
    {
        (Width, Height) = (width, height);
        (ScaleX, ScaleY) = ((float)width / photo.Width, (float)height / photo.Height);
        Planes = new(width, height);
        Colours = Planes.Rent();
    }

    public int Width { get; }
    public int Height { get; }
    public int Count => Width * Height;

    /// <summary>Grid points a pixel, at most 1.</summary>
    public float ScaleX { get; }

    public float ScaleY { get; }

    /// <summary>R, G, B from 0 to 1, row by row; where the photo is transparent, of what can be
    /// seen of it before mid grey.</summary>
    public FloatPlane Colours { get; }

    /// <summary>Planes of this size, for the work on the grid.</summary>
    public FloatPlanes Planes { get; }

    public static Grid Of(Photo photo)
    {
        var longest = Math.Max(photo.Width, photo.Height);
        var points = Math.Min(longest, Math.Clamp(longest / 2, FewestPoints, MostPoints));
        var shrink = longest / (double)points;
        var grid = new Grid(Math.Max(1, (int)(photo.Width / shrink)), Math.Max(1, (int)(photo.Height / shrink)), photo);
        var colours = grid.Colours;
        Resample.Colours(photo, colours.AsSpan(), grid.Width, grid.Height);
        for (var i = 0; i < grid.Count; i++)
            colours[i] = (colours[i] + Vector128.Create((255 - colours[i][3]) / 2)) / 255f;
        return grid;
    }

    /// <summary>Where a row of pixels lies: the grid's row above it, and how far it is
    /// from there to the next.</summary>
    public (int Top, float Fraction) Down(int y)
    {
        var at = Math.Clamp((y + 0.5f) * ScaleY - 0.5f, 0, Height - 1);
        return ((int)at, at - (int)at);
    }

    /// <summary>Where a column of pixels lies, in points.</summary>
    public float Across(int x) => Math.Clamp((x + 0.5f) * ScaleX - 0.5f, 0, Width - 1);

    /// <summary>The first column of pixels that lies at or behind a grid column.</summary>
    public int FirstPixelFrom(int column) => (int)MathF.Ceiling((column + 0.5f) / ScaleX - 0.5f);

    public void Dispose()
    {
        Colours.Dispose();
        Planes.Dispose();
    }
}
