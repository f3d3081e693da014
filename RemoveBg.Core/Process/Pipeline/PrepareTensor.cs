using System.Runtime.Intrinsics;
using RemoveBg.Core.Process.Model;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>From the photo to the network's input: stretched to its square, normalised, in planes.</summary>
internal static class PrepareTensor
{
    /// <summary>What shows through transparent parts of the input: the middle, neither dark nor bright.</summary>
    private const float BehindTransparency = 127.5f;

    public static void Run(Photo photo, Tensors tensors, ModelEntry model)
    {
        var size = tensors.Size;
        var pixels = tensors.Pixels.AsSpan();
        Resample.Colours(photo, pixels, size, size, ResampleKernel.CatmullRom);
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (pixels[i] + Vector128.Create((255 - pixels[i][3]) * (BehindTransparency / 255))) / 255f;
        for (var channel = 0; channel < 3; channel++)
        {
            var plane = tensors.Input.AsSpan(channel * size * size, size * size);
            var (scale, offset) = (1 / model.Std[channel], -model.Mean[channel] / model.Std[channel]);
            for (var i = 0; i < plane.Length; i++) plane[i] = pixels[i][channel] * scale + offset;
        }
    }
}
