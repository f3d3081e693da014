using System.Buffers;
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
        var pixels = ArrayPool<Vector128<float>>.Shared.Rent(size * size);
        try
        {
            Resample.Colours(photo, pixels, size, size);
            for (var channel = 0; channel < 3; channel++)
            {
                var plane = tensors.Input.AsSpan(channel * size * size, size * size);
                var (scale, offset) = (1 / (255 * model.Std[channel]), -model.Mean[channel] / model.Std[channel]);
                for (var i = 0; i < plane.Length; i++)
                    plane[i] = (pixels[i][channel] + (255 - pixels[i][3]) * (BehindTransparency / 255)) * scale + offset;
            }
        }
        finally
        {
            ArrayPool<Vector128<float>>.Shared.Return(pixels);
        }
    }
}
