using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs.Second;
using SkiaSharp;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Decodes an untrusted image file to sRGB; the codec applies an embedded ICC profile.</summary>
/// <remarks>The header is checked before pixels are allocated, and anything but a complete decode is
/// refused.</remarks>
internal static class Decode
{
    /// <summary>Decodes a JPEG, PNG, WebP, GIF or BMP file here, and a HEIC, AVIF, TIFF or JPEG XL file by <see
    /// cref="SecondDecoder"/>.</summary>
    /// <param name="cancellationToken">Ends the second decoder; the first one cannot be interrupted.</param>
    /// <returns>The image as stored, and its EXIF orientation.</returns>
    /// <exception cref="ArtworkFailedException">The file is refused: unsupported_format, image_corrupt or
    /// image_too_many_pixels.</exception>
    public static unsafe (Photo Photo, ExifOrientation Orientation) Run(ReadOnlyMemory<byte> file, ImageOptions limits,
        CancellationToken cancellationToken = default)
    {
        // 1. Check the format.
        if (!FileFormat.IsSupported(file.Span)) return RunSecond(file, limits, cancellationToken);

        // 2. Read the header and check the size, before any pixel memory is allocated.
        var given = file;
        file = WithEnd(file);
        using var pin = file.Pin();
        using var data = SKData.Create((nint)pin.Pointer, file.Length);
        using var codec = SKCodec.Create(data) ?? throw Corrupt();
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1) throw Corrupt();
        RequireAllowed(width, height, limits);
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
    /// <returns>Pixels, null if the header does not end there; and the memory that decoding takes beside
    /// them.</returns>
    public static unsafe (long? Pixels, DecoderMemory Decoder) Measure(ReadOnlyMemory<byte> beginning)
    {
        if (SecondFormat.Of(beginning.Span) is { } format) return (MeasureSecond(format, beginning.Span),
            new(format.BytesPerPixel, SecondFormat.BaseMB));
        using var pin = beginning.Pin();
        using var data = SKData.Create((nint)pin.Pointer, beginning.Length);
        using var codec = SKCodec.Create(data);
        return (codec is null ? null : (long)codec.Info.Width * codec.Info.Height,
            FileFormat.IsJpeg(beginning.Span) ? new(JpegScan.BytesPerPixel(beginning.Span)) : default);
    }

    private static (Photo Photo, ExifOrientation Orientation) RunSecond(ReadOnlyMemory<byte> file, ImageOptions limits,
        CancellationToken cancellationToken)
    {
        if (SecondFormat.Of(file.Span) is not { } format || !SecondDecoder.IsOn(limits))
            throw new ArtworkFailedException(ArtworkFailure.UnsupportedFormat,
                UnsupportedFile.Describe(file.Span, limits));
        var header = ImageHeader.Read(format, file.Span);
        if (header is null || header.Width < 1 || header.Height < 1) throw Corrupt();
        RequireAllowed(header.Width, header.Height, limits);
        return SecondDecoder.Run(file, header, limits, cancellationToken);
    }

    private static long? MeasureSecond(SecondFormat format, ReadOnlySpan<byte> beginning)
    {
        try
        {
            return ImageHeader.Read(format, beginning, isWhole: false) is { } header
                ? Saturated(header.Width, header.Height) : null;
        }
        catch (ArtworkFailedException)
        {
            // It will be refused before it takes memory.
            return 0;
        }
    }

    /// <summary>A header may claim more pixels than a number holds.</summary>
    private static long Saturated(long width, long height) => (long)Int128.Min(long.MaxValue, (Int128)width * height);

    private static void RequireAllowed(long width, long height, ImageOptions limits)
    {
        if (width > limits.MaxSide || height > limits.MaxSide || width * height > limits.MaxPixels)
            throw new ArtworkFailedException(ArtworkFailure.ImageTooManyPixels,
                $"The image has {width} x {height} pixels; the limits are {limits.MaxPixels:N0} pixels in total "
                    + $"and {limits.MaxSide:N0} per side.");
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
