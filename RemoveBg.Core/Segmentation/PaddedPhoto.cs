using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>Widths in samples of the network.</summary>
internal readonly record struct Margins(int Left, int Top, int Right, int Bottom)
{
    public int Widest => Math.Max(Math.Max(Left, Right), Math.Max(Top, Bottom));
}

/// <summary>A photo with margins in the network's square, and the way back.</summary>
internal static class PaddedPhoto
{
    /// <summary>The network's input: the photo, a little smaller, in its margins.</summary>
    /// <param name="fades">Whether a margin goes on from the photo's outermost samples and fades to the
    /// mean of all of them, or is that mean. A hard edge makes a framed picture of some photos; what goes
    /// on still looks cut to the network.</param>
    /// <param name="planes">Of the network's square.</param>
    public static void Fill(Photo photo, Margins margins, bool fades, Tensors tensors, ModelEntry model,
        FloatPlanes planes)
    {
        int width = tensors.Size - margins.Left - margins.Right, height = tensors.Size - margins.Top - margins.Bottom;
        using var smaller = planes.Rent();
        using var framed = planes.Rent();
        var seen = smaller.AsSpan(0, width * height);
        PrepareTensor.ResizeToInput(photo, seen, width, height);
        Frame(seen, width, height, margins, fades, framed, tensors.Size);
        PrepareTensor.Fill(framed.AsSpan(), tensors, model);
    }

    /// <summary>The alpha of the photo alone, at the square's size again.</summary>
    /// <param name="framed">Of the whole square.</param>
    /// <param name="room">As many samples, for what lies between.</param>
    public static void Unframe(ReadOnlySpan<float> framed, Margins margins, int size, Span<float> room,
        Span<float> target)
    {
        int width = size - margins.Left - margins.Right, height = size - margins.Top - margins.Bottom;
        for (var y = 0; y < height; y++)
            framed.Slice((y + margins.Top) * size + margins.Left, width).CopyTo(room[(y * width)..]);
        Resample.Plane(room[..(width * height)], width, height, target, size, size);
    }

    private static void Frame(ReadOnlySpan<Vector128<float>> photo, int width, int height, Margins margins, bool fades,
        FloatPlane target, int size)
    {
        var mean = Vector128<float>.Zero;
        for (var x = 0; x < width; x++) mean += photo[x] + photo[^(x + 1)];
        for (var y = 0; y < height; y++) mean += photo[y * width] + photo[y * width + width - 1];
        mean /= 2f * (width + height);
        for (var y = 0; y < size; y++)
        {
            var row = Math.Clamp(y - margins.Top, 0, height - 1);
            for (var x = 0; x < size; x++)
            {
                var column = Math.Clamp(x - margins.Left, 0, width - 1);
                float dx = x - margins.Left - column, dy = y - margins.Top - row;
                var faded = Math.Min(1, MathF.Sqrt(dx * dx + dy * dy) / (fades ? Math.Max(1, margins.Widest) : 1));
                target[y * size + x] = photo[row * width + column] * (1 - faded) + mean * faded;
            }
        }
    }
}
