using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Matting;

/// <summary>A small copy of the photo, on which smooth quantities are computed instead of for 50 million pixels. Its
/// points are the centres of equal rectangles.</summary>
internal sealed class Grid : IDisposable
{
    /// <summary>Bounds of the longest side in points, which within them is half the photo's.</summary>
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

    /// <summary>Grid points per pixel, at most 1.</summary>
    public float ScaleX { get; }

    public float ScaleY { get; }

    /// <summary>R, G, B from 0 to 1, row by row; transparent parts are shown on mid grey.</summary>
    public FloatPlane Colours { get; }

    /// <summary>Pool of planes of the grid's size.</summary>
    public FloatPlanes Planes { get; }

    public static Grid Of(Photo photo)
    {
        var longest = Math.Max(photo.Width, photo.Height);
        var points = Math.Min(longest, Math.Clamp(longest / 2, FewestPoints, MostPoints));
        var scale = longest / (double)points;
        var grid = new Grid(Math.Max(1, (int)(photo.Width / scale)), Math.Max(1, (int)(photo.Height / scale)), photo);
        var colours = grid.Colours;
        Resample.Colours(photo, colours.AsSpan(), grid.Width, grid.Height);
        for (var i = 0; i < grid.Count; i++)
            colours[i] = (colours[i] + Vector128.Create((255 - colours[i][3]) / 2)) / 255f;
        return grid;
    }

    /// <summary>Maps a row of pixels to the grid row above it, and the fraction of the way to the next one.</summary>
    public (int Top, float Fraction) Down(int y)
    {
        var at = Math.Clamp((y + 0.5f) * ScaleY - 0.5f, 0, Height - 1);
        return ((int)at, at - (int)at);
    }

    /// <summary>Maps a column of pixels to the grid, in points.</summary>
    public float Across(int x) => Math.Clamp((x + 0.5f) * ScaleX - 0.5f, 0, Width - 1);

    /// <summary>Returns the first column of pixels at or after a grid column.</summary>
    public int FirstPixelFrom(int column) => (int)MathF.Ceiling((column + 0.5f) / ScaleX - 0.5f);

    public void Dispose()
    {
        Colours.Dispose();
        Planes.Dispose();
    }
}
