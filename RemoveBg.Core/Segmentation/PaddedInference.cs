using System.Numerics.Tensors;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>
/// Where the subject touches the frame, the network is shown the photo once more, with a margin at the sides that it
/// touches: what the frame cuts is easily taken for background. Where the <see cref="Outline"/> is still a poor one it
/// sees a narrow margin of one colour all around. What a look calls subject counts too if that makes a likelier
/// outline, because a margin also makes a framed picture out of many a photo.
/// </summary>
internal static class PaddedInference
{
    /// <summary>Width of a margin, as a share of the network's square: 16 of 320 samples, and 8 all around. Wider ones
    /// make more frames (docs/measurements.md).</summary>
    private const float AtASide = 0.05f, AllAround = 0.025f;

    /// <summary>Mean alpha along a side from which on the subject touches it.</summary>
    private const float Touching = 0.02f;

    /// <summary><see cref="Outline.Strength"/> below which the outline runs along hardly more edges than any
    /// line would: one photo in fifty.</summary>
    private const double Poor = 1.5;

    public static bool IsWorthwhile(Tensors tensors) => WhereItTouches(tensors) != default;

    /// <summary>Changes <see cref="Tensors.Output"/> in place, or leaves it.
    /// <see cref="Tensors.Input"/> is another one afterwards.</summary>
    /// <param name="returnMemory">As for <see cref="Segmenter.Run"/>.</param>
    public static void Run(Photo photo, Segmenter segmenter, Tensors tensors, bool returnMemory = false)
    {
        Look(WhereItTouches(tensors), fades: true);
        if (Outline.Strength(tensors.Pixels, tensors.Output, tensors.Size) >= Poor) return;
        var around = (int)MathF.Round(AllAround * tensors.Size);
        Look(new(around, around, around, around), fades: false);

        void Look(Margins margins, bool fades)
        {
            using var planes = new FloatPlanes(tensors.Size, tensors.Size);
            using var room = planes.Rent();
            Span<float> before = new PlaneChannel(room, 0).Span, both = new PlaneChannel(room, 1).Span;
            tensors.Output.CopyTo(before);
            PaddedPhoto.Fill(photo, margins, fades, tensors, segmenter.Model.Entry, planes);
            segmenter.Run(tensors, returnMemory);
            PaddedPhoto.Unframe(tensors.Output, margins, tensors.Size, new PlaneChannel(room, 2).Span, both);
            TensorPrimitives.Max(before, both, both);
            var isLikelier = Outline.Likelihood(tensors.Pixels, both, tensors.Size)
                > Outline.Likelihood(tensors.Pixels, before, tensors.Size);
            (isLikelier ? both : before).CopyTo(tensors.Output);
        }
    }

    private static Margins WhereItTouches(Tensors tensors)
    {
        ReadOnlySpan<float> alpha = tensors.Output;
        var size = tensors.Size;
        float left = 0, right = 0, top = TensorPrimitives.Sum(alpha[..size]),
            bottom = TensorPrimitives.Sum(alpha[^size..]);
        for (var y = 0; y < size; y++) (left, right) = (left + alpha[y * size], right + alpha[y * size + size - 1]);
        return new(Margin(left), Margin(top), Margin(right), Margin(bottom));

        int Margin(float sum) => sum / size > Touching ? (int)MathF.Round(AtASide * size) : 0;
    }
}
