using SkiaSharp;

namespace RemoveBg.Bench.Speed;

/// <summary>Generates a photo of any size from a sample render.</summary>
internal static class GeneratedPhoto
{
    /// <param name="grain">Standard deviation of added camera noise, on a scale of 0 to 255.</param>
    public static byte[] Jpeg(double megapixels, double grain = 0)
    {
        using var codec = SKCodec.Create(Path.Combine(Bench.Root, "samples", "scene-mug.jpg"));
        using var original = SKBitmap.Decode(codec);
        // Stay just below the size, because 50 megapixels are the limit.
        var scale = Math.Sqrt((megapixels - 0.01) * 1e6 / (original.Width * (double)original.Height));
        using var resized = original.Resize(new SKImageInfo((int)(original.Width * scale),
            (int)(original.Height * scale)), new SKSamplingOptions(SKCubicResampler.Mitchell));
        if (grain > 0) AddGrain(resized.GetPixelSpan(), grain, resized.BytesPerPixel);
        using var data = resized.Encode(SKEncodedImageFormat.Jpeg, 92);
        return data.ToArray();
    }

    private static void AddGrain(Span<byte> pixels, double grain, int step)
    {
        var random = new Random(1);
        for (var i = 0; i < pixels.Length; i++)
        {
            if (i % step == 3) continue;
            // The sum of four uniform numbers is nearly normal; its standard deviation is 1/√3.
            var normal = (random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2)
                * Math.Sqrt(3);
            pixels[i] = (byte)Math.Clamp(pixels[i] + normal * grain + 0.5, 0, 255);
        }
    }
}
