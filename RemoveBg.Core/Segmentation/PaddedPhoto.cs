using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>Widths of the padding at each side, in samples of the network.</summary>
internal readonly record struct Padding(int Left, int Top, int Right, int Bottom)
{
    public int Widest => Math.Max(Math.Max(Left, Right), Math.Max(Top, Bottom));
}

/// <summary>Pads a photo within the network's input, and crops the padding off the output.</summary>
internal static class PaddedPhoto
{
    /// <summary>Fills <see cref="Tensors.Input"/> with the photo, downscaled to fit inside its padding.</summary>
    /// <param name="fades">True to continue the photo's outermost samples into the padding and fade them to their mean;
    /// false to fill it with that mean. A hard edge makes the network take some photos for framed pictures; continued
    /// samples still look cut off to it.</param>
    /// <param name="planes">Pool of planes of the network's input size.</param>
    public static void Fill(Photo photo, Padding padding, bool fades, Tensors tensors, ModelEntry model,
        FloatPlanes planes)
    {
        int width = tensors.Width - padding.Left - padding.Right;
        var height = tensors.Height - padding.Top - padding.Bottom;
        using var smaller = planes.Rent();
        using var padded = planes.Rent();
        var resized = smaller.AsSpan(0, width * height);
        PrepareTensor.ResizeToInput(photo, resized, width, height);
        Pad(resized, width, height, padding, fades, padded);
        PrepareTensor.Fill(padded.AsSpan(), tensors, model);
    }

    /// <summary>Crops the padding off an alpha and upscales the rest to the full size.</summary>
    /// <param name="padded">Alpha of the whole input.</param>
    /// <param name="fullWidth">Width of the input, in samples.</param>
    /// <param name="fullHeight">Height of the input, in samples.</param>
    /// <param name="scratch">Buffer of the same length.</param>
    /// <param name="target">Receives the alpha of the photo alone.</param>
    public static void Crop(ReadOnlySpan<float> padded, Padding padding, int fullWidth, int fullHeight,
        Span<float> scratch, Span<float> target)
    {
        int width = fullWidth - padding.Left - padding.Right, height = fullHeight - padding.Top - padding.Bottom;
        for (var y = 0; y < height; y++)
            padded.Slice((y + padding.Top) * fullWidth + padding.Left, width).CopyTo(scratch[(y * width)..]);
        Resample.Plane(scratch[..(width * height)], width, height, target, fullWidth, fullHeight);
    }

    private static void Pad(ReadOnlySpan<Vector128<float>> photo, int width, int height, Padding padding, bool fades,
        FloatPlane target)
    {
        int fullWidth = width + padding.Left + padding.Right, fullHeight = height + padding.Top + padding.Bottom;
        var mean = Vector128<float>.Zero;
        for (var x = 0; x < width; x++) mean += photo[x] + photo[^(x + 1)];
        for (var y = 0; y < height; y++) mean += photo[y * width] + photo[y * width + width - 1];
        mean /= 2f * (width + height);
        for (var y = 0; y < fullHeight; y++)
        {
            var row = Math.Clamp(y - padding.Top, 0, height - 1);
            for (var x = 0; x < fullWidth; x++)
            {
                var column = Math.Clamp(x - padding.Left, 0, width - 1);
                float dx = x - padding.Left - column, dy = y - padding.Top - row;
                var faded = Math.Min(1, MathF.Sqrt(dx * dx + dy * dy) / (fades ? Math.Max(1, padding.Widest) : 1));
                target[y * fullWidth + x] = photo[row * width + column] * (1 - faded) + mean * faded;
            }
        }
    }
}
