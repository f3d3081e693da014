using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace RemoveBg.Core.Segmentation;

/// <summary>Size and type of a network's input and output, from its manifest entry and its file.</summary>
/// <param name="Width">Width of the input, in samples; the longer side if it varies.</param>
/// <param name="Height">Height of the input, in samples; the longer side if it varies.</param>
/// <param name="MultipleOf">See <see cref="ModelEntry.MultipleOf"/>; null for a fixed input.</param>
/// <param name="Smallest">Least shorter side of an input that varies.</param>
/// <param name="TakesHalf">True if the input is 16-bit floats.</param>
/// <param name="GivesHalf">True if the output is 16-bit floats.</param>
internal sealed record NetworkShape(int Width, int Height, int? MultipleOf = null, int Smallest = 0,
    bool TakesHalf = false, bool GivesHalf = false)
{
    /// <summary>Returns the input's size for a photo. A fixed input does not keep the photo's aspect ratio.</summary>
    public (int Width, int Height) For(int photoWidth, int photoHeight)
    {
        if (MultipleOf is not { } multiple) return (Width, Height);
        var ratio = (double)Math.Min(photoWidth, photoHeight) / Math.Max(photoWidth, photoHeight);
        var shorter = Math.Clamp((int)Math.Round(Width * ratio / multiple) * multiple, Smallest, Width);
        return photoWidth >= photoHeight ? (Width, shorter) : (shorter, Width);
    }

    /// <summary>Reads the shape of a network's file and checks it against the entry.</summary>
    /// <exception cref="InvalidDataException">They differ.</exception>
    public static NetworkShape Read(FoundModel model, NodeMetadata input, NodeMetadata output)
    {
        var entry = model.Entry;
        int[] sides = input.Dimensions is [_, _, var height, var width] ? [height, width] : [-1, -1];
        if (entry.MultipleOf is not null && sides is not [< 0, < 0])
            throw new InvalidDataException($"{model.Path}: multipleOf needs a network of any input size, not "
                + $"{Describe(input)}.");
        var shape = new NetworkShape(entry.Width ?? entry.Size ?? sides[1], entry.Height ?? entry.Size ?? sides[0],
            entry.MultipleOf, entry.Smallest ?? entry.MultipleOf ?? 0, IsHalf(input), IsHalf(output));
        if (shape.Width < 1 || shape.Height < 1)
            throw new InvalidDataException($"{model.Path} takes inputs of any size; its entry needs a size, or width "
                + "and height.");
        shape.Check(model, input, "input", 3);
        shape.Check(model, output, "output", 1);
        return shape;
    }

    private void Check(FoundModel model, NodeMetadata node, string what, int channels)
    {
        int[] expected = [1, channels, Height, Width];
        if ((node.ElementType == typeof(float) || IsHalf(node)) && node.Dimensions.Length == 4
            && node.Dimensions.Zip(expected).All(pair => pair.First == pair.Second || pair.First < 0)) return;
        throw new InvalidDataException($"{model.Path}: its {what} must be Single or Float16 "
            + $"[{string.Join(", ", expected)}], not {Describe(node)}.");
    }

    private static bool IsHalf(NodeMetadata node) => node.ElementType == typeof(Float16);

    private static string Describe(NodeMetadata node) =>
        $"{node.ElementType.Name} [{string.Join(", ", node.Dimensions)}]";
}
