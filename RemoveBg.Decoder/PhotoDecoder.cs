using ImageMagick;

namespace RemoveBg.Decoder;

/// <summary>Decodes a file with ImageMagick: as the format that it was sniffed to be, one image of it, to sRGB with 8
/// bits per channel.</summary>
internal static class PhotoDecoder
{
    /// <summary>Sets ImageMagick's own limits, once per process.</summary>
    /// <exception cref="NotSupportedException">policy.xml is not in force.</exception>
    public static void Prepare(DecodeRequest request)
    {
        RequirePolicy();
        ResourceLimits.Width = ResourceLimits.Height = (ulong)Math.Max(request.Width, request.Height);
        ResourceLimits.Area = ResourceLimits.Memory = ResourceLimits.MaxMemoryRequest = (ulong)request.MemoryBytes;
    }

    /// <param name="path">The file's name.</param>
    /// <exception cref="MagickException">The file is damaged or not in the format.</exception>
    /// <exception cref="InvalidDataException">The image is larger than its header says, or incomplete.</exception>
    public static DecodedImage Run(string path, DecodeRequest request)
    {
        var settings = new MagickReadSettings
        {
            Format = FormatOf(request.Format),
            FrameIndex = (uint)request.Page,
            FrameCount = 1,
        };
        var image = new MagickImage();
        try
        {
            var isDamaged = false;
            image.Warning += (_, problem) => isDamaged |= problem.Exception is MagickCorruptImageWarningException;

            // 1. Read the header and check the size, before pixel memory is allocated. Of further pages ImageMagick
            // reads no header alone; its own limits hold for them.
            if (request.Page == 0)
            {
                image.Ping(path, settings);
                RequireSize(image, request);
            }

            // 2. Decode; a warning of missing data is a refusal.
            image.Read(path, settings);
            RequireSize(image, request);
            if (isDamaged) throw new InvalidDataException("The image is damaged.");

            // 3. Convert to sRGB: by the profile, or by what the format says of its colours.
            if (image.GetColorProfile() is not null) image.TransformColorSpace(ColorProfiles.SRGB);
            if (image.ColorSpace != ColorSpace.sRGB) image.ColorSpace = ColorSpace.sRGB;
            return new(image, OrientationOf(image, settings.Format));
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    private static void RequireSize(MagickImage image, DecodeRequest request)
    {
        if (image.Width < 1 || image.Height < 1
            || (long)image.Width * image.Height > (long)request.Width * request.Height
            || Math.Max(image.Width, image.Height) > Math.Max(request.Width, request.Height))
            throw new InvalidDataException("The image is larger than its header says.");
    }

    /// <summary>HEIF's own turns are already made, and its EXIF orientation does not count (ISO/IEC 23008-12, annex A).
    /// Those of TIFF and JPEG XL are not.</summary>
    private static int OrientationOf(MagickImage image, MagickFormat format) =>
        format is MagickFormat.Tiff or MagickFormat.Jxl && (int)image.Orientation is >= 1 and <= 8 and var found
            ? found : 1;

    private static MagickFormat FormatOf(string name) => name switch
    {
        "heic" => MagickFormat.Heic,
        "avif" => MagickFormat.Avif,
        "tiff" => MagickFormat.Tiff,
        "jxl" => MagickFormat.Jxl,
        _ => throw new NotSupportedException($"{name} is not one of heic, avif, tiff and jxl."),
    };

    /// <summary>Without the policy, ImageMagick would read a hundred other formats, by programs and from
    /// addresses.</summary>
    private static void RequirePolicy()
    {
        try
        {
            using var _ = new MagickImage("xc:red", 1, 1);
        }
        catch (MagickException)
        {
            return;
        }
        throw new NotSupportedException("policy.xml is not in force: MAGICK_CONFIGURE_PATH must name its folder.");
    }
}
