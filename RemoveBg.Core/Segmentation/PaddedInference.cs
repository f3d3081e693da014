using System.Numerics.Tensors;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>
/// Runs the network on the photo padded at the sides that the subject touches, because the network easily takes a
/// subject cut off by the image border for background.
/// </summary>
/// <remarks>
/// If the <see cref="Outline"/> is still poor, a second run pads all sides narrowly with one colour. The maximum of the
/// old and new alpha is kept only if its outline is likelier, because padding makes the network take many photos for
/// framed pictures.
/// </remarks>
internal static class PaddedInference
{
    /// <summary>Width of the padding as a share of the network's input: 16 of 320 samples at touched sides, 8 on all
    /// sides. More padding is taken for a picture frame more often (docs/measurements.md).</summary>
    private const float TouchedSide = 0.05f, AllSides = 0.025f;

    /// <summary>Mean alpha along a side above which the subject touches it.</summary>
    private const float Touching = 0.02f;

    /// <summary><see cref="Outline.Strength"/> below which the outline follows hardly more edges than an arbitrary line
    /// does, as in one photo in fifty.</summary>
    private const double Poor = 1.5;

    /// <summary>Returns whether the subject in <see cref="Tensors.Output"/> touches the image border.</summary>
    public static bool IsWorthwhile(Tensors tensors) => TouchedSides(tensors) != default;

    /// <summary>Replaces <see cref="Tensors.Output"/> if padding gives a likelier outline. Overwrites
    /// <see cref="Tensors.Input"/>.</summary>
    /// <param name="returnMemory">See <see cref="Segmenter.Run"/>.</param>
    public static void Run(Photo photo, Segmenter segmenter, Tensors tensors, bool returnMemory = false)
    {
        RunPadded(TouchedSides(tensors), fades: true);
        if (Outline.Strength(tensors.Pixels, tensors.Output, tensors.Width) >= Poor) return;
        int width = (int)MathF.Round(AllSides * tensors.Width), height = (int)MathF.Round(AllSides * tensors.Height);
        RunPadded(new(width, height, width, height), fades: false);

        void RunPadded(Padding padding, bool fades)
        {
            using var planes = new FloatPlanes(tensors.Width, tensors.Height);
            using var scratch = planes.Rent();
            Span<float> before = new PlaneChannel(scratch, 0).Span, both = new PlaneChannel(scratch, 1).Span;
            tensors.Output.CopyTo(before);
            PaddedPhoto.Fill(photo, padding, fades, tensors, segmenter.Model.Entry, planes);
            segmenter.Run(tensors, returnMemory);
            PaddedPhoto.Crop(tensors.Output, padding, tensors.Width, tensors.Height, new PlaneChannel(scratch, 2).Span,
                both);
            TensorPrimitives.Max(before, both, both);
            var isLikelier = Outline.Likelihood(tensors.Pixels, both, tensors.Width)
                > Outline.Likelihood(tensors.Pixels, before, tensors.Width);
            (isLikelier ? both : before).CopyTo(tensors.Output);
        }
    }

    private static Padding TouchedSides(Tensors tensors)
    {
        ReadOnlySpan<float> alpha = tensors.Output;
        var (width, height) = (tensors.Width, tensors.Height);
        float left = 0, right = 0, top = TensorPrimitives.Sum(alpha[..width]),
            bottom = TensorPrimitives.Sum(alpha[^width..]);
        for (var y = 0; y < height; y++)
            (left, right) = (left + alpha[y * width], right + alpha[y * width + width - 1]);
        return new(Padding(left, height, width), Padding(top, width, height), Padding(right, height, width),
            Padding(bottom, width, height));

        // A side's own samples decide; the padding is a share of the other dimension.
        static int Padding(float sum, int along, int across) =>
            sum / along > Touching ? (int)MathF.Round(TouchedSide * across) : 0;
    }
}
