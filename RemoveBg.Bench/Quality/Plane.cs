using RemoveBg.Core.Imaging;

namespace RemoveBg.Bench.Quality;

/// <summary>Values from 0 to 1, row by row.</summary>
internal sealed record Plane(int Width, int Height, float[] Values)
{
    /// <summary>Reads the values of a grey image.</summary>
    public static Plane Grey(Photo photo) => From(photo, pixel => pixel & 0xFF);

    /// <summary>Reads the alpha of a cut-out.</summary>
    public static Plane Alpha(Photo photo) => From(photo, pixel => pixel >> 24);

    /// <summary>Resizes a plane bilinearly.</summary>
    public static Plane Resized(ReadOnlySpan<float> values, int width, int height, int toWidth, int toHeight)
    {
        var result = new float[toWidth * toHeight];
        Resample.Plane(values, width, height, result, toWidth, toHeight);
        return new(toWidth, toHeight, result);
    }

    /// <summary>Applies a separable filter, repeating the border samples.</summary>
    /// <param name="across">Horizontal weights, an odd number.</param>
    /// <param name="down">Vertical weights, of the same number.</param>
    public float[] Filtered(double[] across, double[] down)
    {
        var radius = across.Length / 2;
        float[] rows = new float[Values.Length], result = new float[Values.Length];
        Parallel.For(0, Height, y =>
        {
            for (var x = 0; x < Width; x++)
            {
                double sum = 0;
                for (var k = -radius; k <= radius; k++)
                    sum += across[k + radius] * Values[y * Width + Math.Clamp(x + k, 0, Width - 1)];
                rows[y * Width + x] = (float)sum;
            }
        });
        Parallel.For(0, Height, y =>
        {
            for (var x = 0; x < Width; x++)
            {
                double sum = 0;
                for (var k = -radius; k <= radius; k++)
                    sum += down[k + radius] * rows[Math.Clamp(y + k, 0, Height - 1) * Width + x];
                result[y * Width + x] = (float)sum;
            }
        });
        return result;
    }

    private static Plane From(Photo photo, Func<uint, uint> value)
    {
        var values = new float[photo.PixelCount];
        for (var y = 0; y < photo.Height; y++)
        {
            var row = photo.Row(y);
            for (var x = 0; x < row.Length; x++) values[y * photo.Width + x] = value(row[x]) / 255f;
        }
        return new(photo.Width, photo.Height, values);
    }
}
