using System.Runtime.Intrinsics;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>Fills the network's input from a photo: resizes it, normalises it and splits it into
/// planes.</summary>
internal static class PrepareTensor
{
    /// <summary>Grey level behind transparent parts of the input, neither dark nor bright.</summary>
    private const float BehindTransparency = 127.5f;

    public static void Run(Photo photo, Tensors tensors, ModelEntry model)
    {
        tensors.FitTo(photo);
        ResizeToInput(photo, tensors.Pixels.AsSpan(), tensors.Width, tensors.Height);
        Fill(tensors.Pixels.AsSpan(), tensors, model);
    }

    /// <summary>Resizes a photo, without keeping its aspect ratio, to R, G, B from 0 to 1.</summary>
    public static void ResizeToInput(Photo photo, Span<Vector128<float>> pixels, int width, int height)
    {
        Resample.Colours(photo, pixels, width, height, ResampleKernel.CatmullRom);
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (pixels[i] + Vector128.Create((255 - pixels[i][3]) * (BehindTransparency / 255))) / 255f;
    }

    /// <summary>Fills <see cref="Tensors.Input"/> with normalised pixels.</summary>
    /// <param name="pixels">R, G, B from 0 to 1, in the network's input size.</param>
    public static void Fill(ReadOnlySpan<Vector128<float>> pixels, Tensors tensors, ModelEntry model)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            var plane = tensors.Input.Slice(channel * pixels.Length, pixels.Length);
            var (scale, offset) = (1 / model.Std[channel], -model.Mean[channel] / model.Std[channel]);
            for (var i = 0; i < plane.Length; i++) plane[i] = pixels[i][channel] * scale + offset;
        }
    }
}
