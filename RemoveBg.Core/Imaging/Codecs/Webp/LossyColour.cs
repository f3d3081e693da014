using System.Runtime.InteropServices;
using NetVips;
using SkiaSharp;

namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>
/// Encodes an image's colour as a lossy WebP file without alpha.
/// </summary>
/// <remarks>
/// The encoder is libwebp, called through libvips, or through Skia where libvips is missing. Skia has no setting for
/// the effort: it takes twice as long for up to 3 % fewer bytes (<c>./bench encode</c>; docs/measurements.md).
/// </remarks>
internal static class LossyColour
{
    /// <summary>libwebp's method. From 3 on it weighs rate against distortion per block, which takes half of its
    /// time.</summary>
    private const int Effort = 2;

    static LossyColour()
    {
        if (!HasVips) return;
        // Disable libvips' operation cache, which keeps source pixels alive.
        Cache.Max = 0;
        // libvips' threads would only copy pixels, and compete with other jobs for the cores.
        NetVips.NetVips.Concurrency = 1;
    }

    /// <summary>True if libvips' native library was found. The packages include it for Linux, macOS and Windows on x64
    /// and Arm64, but not for musl.</summary>
    public static bool HasVips => ModuleInitializer.VipsInitialized;

    /// <param name="quality">Quality from 0 to 100.</param>
    /// <exception cref="VipsException">The encoder failed (libvips).</exception>
    /// <exception cref="InvalidOperationException">The encoder failed (Skia).</exception>
    public static byte[] Of(Photo photo, int quality) => HasVips ? ByVips(photo, quality) : BySkia(photo, quality);

    internal static unsafe byte[] ByVips(Photo photo, int quality)
    {
        using var pixels = Image.NewFromMemory((nint)photo.Pixels, (ulong)photo.PixelCount * sizeof(uint), photo.Width,
            photo.Height, bands: 4, Enums.BandFormat.Uchar);
        using var colour = pixels.ExtractBand(0, n: 3);
        return ByVips(colour, quality);
    }

    /// <summary>Copies the colours, frees the photo and encodes them by libvips, which copies them once
    /// more.</summary>
    /// <param name="photo">Disposed when the method returns.</param>
    /// <param name="quality">Quality from 0 to 100.</param>
    /// <exception cref="VipsException">The encoder failed.</exception>
    public static unsafe byte[] Taking(Photo photo, int quality)
    {
        var (width, height, bytes) = (photo.Width, photo.Height, 3 * photo.PixelCount);
        var memory = (nint)NativeMemory.Alloc((nuint)bytes);
        try
        {
            Parallel.For(0, height, y =>
            {
                var to = (byte*)memory + 3L * width * y;
                foreach (var pixel in photo.Row(y))
                {
                    (to[0], to[1], to[2]) = ((byte)pixel, (byte)(pixel >> 8), (byte)(pixel >> 16));
                    to += 3;
                }
            });
            photo.Dispose();
            NativeHeap.ReturnFreePages();
            using var colour = Image.NewFromMemory(memory, (ulong)bytes, width, height, bands: 3,
                Enums.BandFormat.Uchar);
            return ByVips(colour, quality);
        }
        finally
        {
            NativeMemory.Free((void*)memory);
        }
    }

    private static byte[] ByVips(Image colour, int quality)
    {
        using var named = colour.Copy(interpretation: Enums.Interpretation.Srgb);
        return named.WebpsaveBuffer(q: quality, effort: Effort, keep: Enums.ForeignKeep.None);
    }

    internal static unsafe byte[] BySkia(Photo photo, int quality)
    {
        using var pixmap =
            new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgb888x, SKAlphaType.Opaque), (nint)photo.Pixels);
        using var file = pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality));
        return file?.ToArray() ?? throw new InvalidOperationException(
            $"The encoder failed on an image of {photo.Width} x {photo.Height} pixels.");
    }
}
