using RemoveBg.Core.Artworks;
using SkiaSharp;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Decodes an untrusted image file to sRGB; the codec applies an embedded ICC profile.</summary>
/// <remarks>The header is checked before pixels are allocated, and anything but a complete decode is
/// refused.</remarks>
internal static class Decode
{
    /// <summary>Decodes a JPEG, PNG, WebP, GIF or BMP file.</summary>
    /// <returns>The image as stored, and its EXIF orientation.</returns>
    /// <exception cref="ArtworkFailedException">The file is refused: unsupported_format, image_corrupt or
    /// image_too_many_pixels.</exception>
    public static unsafe (Photo Photo, ExifOrientation Orientation) Run(ReadOnlyMemory<byte> file, ImageOptions limits)
    {
        // 1. Check the format.
        if (!FileFormat.IsSupported(file.Span))
            throw new ArtworkFailedException(ArtworkFailure.UnsupportedFormat, UnsupportedFile.Describe(file.Span));

        // 2. Read the header and check the size, before any pixel memory is allocated.
        var given = file;
        file = WithEnd(file);
        using var pin = file.Pin();
        using var data = SKData.Create((nint)pin.Pointer, file.Length);
        using var codec = SKCodec.Create(data) ?? throw Corrupt();
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1) throw Corrupt();
        if (width > limits.MaxSide || height > limits.MaxSide || (long)width * height > limits.MaxPixels)
            throw new ArtworkFailedException(ArtworkFailure.ImageTooManyPixels,
                $"The image has {width} x {height} pixels; the limits are {limits.MaxPixels:N0} pixels in total "
                    + $"and {limits.MaxSide:N0} per side.");

        if (FileFormat.IsTruncatedWebp(file.Span)) throw Corrupt();

        // 3. Decode the pixels; of an animation, the first frame. Meanwhile, count what a JPEG file contains.
        var counting = FileFormat.IsJpeg(file.Span) ? Task.Run(() => JpegScan.IsComplete(given.Span)) : null;
        var photo = new Photo(width, height, codec.Info.AlphaType == SKAlphaType.Opaque);
        try
        {
            using var srgb = SKColorSpace.CreateSrgb();
            var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, srgb);
            if (codec.GetPixels(info, (nint)photo.Pixels, info.RowBytes, new SKCodecOptions(0))
                != SKCodecResult.Success || counting?.GetAwaiter().GetResult() == false) throw Corrupt();
        }
        catch
        {
            photo.Dispose();
            throw;
        }
        finally
        {
            // It reads the file, which is the caller's.
            counting?.GetAwaiter().GetResult();
        }

        // 4. Find the orientation. The codec knows a JPEG's, but always reports upright for PNG and WebP.
        var orientation = FileFormat.IsJpeg(file.Span) ? (ExifOrientation)(int)codec.EncodedOrigin
            : ExifReader.OrientationOf(file.Span);
        return (photo, orientation);
    }

    /// <summary>Reads the number of pixels from the beginning of a file.</summary>
    /// <returns>Null if the header does not end there.</returns>
    public static unsafe long? Measure(ReadOnlyMemory<byte> beginning)
    {
        using var pin = beginning.Pin();
        using var data = SKData.Create((nint)pin.Pointer, beginning.Length);
        using var codec = SKCodec.Create(data);
        return codec is null ? null : (long)codec.Info.Width * codec.Info.Height;
    }

    /// <summary>Adds the end marker that some cameras leave out. Without it the codec does not decode the last
    /// rows.</summary>
    private static ReadOnlyMemory<byte> WithEnd(ReadOnlyMemory<byte> file)
    {
        if (!FileFormat.IsJpeg(file.Span) || JpegScan.HasEnd(file.Span)) return file;
        var whole = new byte[file.Length + 2];
        file.CopyTo(whole);
        (whole[^2], whole[^1]) = (0xFF, 0xD9);
        return whole;
    }

    private static ArtworkFailedException Corrupt() =>
        new(ArtworkFailure.ImageCorrupt, "The image is damaged or incomplete.");
}
