using RemoveBg.Core.Artworks;
using SkiaSharp;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>From a stranger's file to pixels. The header is judged before a pixel is allocated, and anything but a
/// complete decode is refused. Colours come out as sRGB: the codec applies the embedded ICC profile.</summary>
internal static class Decode
{
    /// <returns>The picture as it is stored, and the EXIF orientation in which it is meant to be seen.</returns>
    public static unsafe (Photo Photo, ExifOrientation Orientation) Run(ReadOnlyMemory<byte> file, ImageOptions limits)
    {
        // 1. What is it?
        if (!FileFormat.IsAccepted(file.Span))
            throw new ArtworkFailedException(ArtworkFailure.UnsupportedFormat,
                FileFormat.NameOfRefused(file.Span) is { } name
                ? $"The image is {name}; accepted are {FileFormat.Accepted}."
                : $"The file is not an image of a known format; accepted are {FileFormat.Accepted}.");

        // 2. Header only: no pixel memory yet.
        using var pin = file.Pin();
        using var data = SKData.Create((nint)pin.Pointer, file.Length);
        using var codec = SKCodec.Create(data) ?? throw Corrupt();
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1) throw Corrupt();
        if (width > limits.MaxSide || height > limits.MaxSide || (long)width * height > limits.MaxPixels)
            throw new ArtworkFailedException(ArtworkFailure.ImageTooManyPixels,
                $"The image has {width} x {height} pixels; accepted are at most {limits.MaxPixels:N0} in all "
                    + $"and {limits.MaxSide:N0} a side.");

        if (FileFormat.IsCutOff(file.Span)) throw Corrupt();

        // 3. Pixels. An animation's first frame is the picture.
        var photo = new Photo(width, height, codec.Info.AlphaType == SKAlphaType.Opaque);
        try
        {
            using var srgb = SKColorSpace.CreateSrgb();
            var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, srgb);
            if (codec.GetPixels(info, (nint)photo.Pixels, info.RowBytes, new SKCodecOptions(0))
                != SKCodecResult.Success) throw Corrupt();
        }
        catch
        {
            photo.Dispose();
            throw;
        }

        // 4. The codec knows the orientation of a JPEG; for PNG and WebP it always says upright.
        var orientation = FileFormat.IsJpeg(file.Span) ? (ExifOrientation)(int)codec.EncodedOrigin
            : ExifReader.OrientationOf(file.Span);
        return (photo, orientation);
    }

    private static ArtworkFailedException Corrupt() =>
        new(ArtworkFailure.ImageCorrupt, "The image is damaged or incomplete.");
}
