using ImageMagick;

namespace RemoveBg.Tests.Given;

/// <summary>Files of the second decoder's formats, written by ImageMagick with its own policy (HEIC: <see
/// cref="HeifFile"/>).</summary>
internal static class SecondFiles
{
    public const string Heic = "heic", Avif = "avif", Tiff = "tiff", JpegXl = "jxl";

    public static readonly string[] All = [Heic, Avif, Tiff, JpegXl];

    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> s_small = new(() => All.ToDictionary(
        format => format, format => format == Heic ? HeifFile.Mug : Write(format, Picture(64, 48))));

    /// <summary>A file of each format with a few thousand pixels.</summary>
    public static byte[] Small(string format) => s_small.Value[format];

    /// <summary>The photo of a mug in the given size.</summary>
    public static MagickImage Picture(uint width, uint height)
    {
        var picture = new MagickImage(Repo.Sample("scene-mug.jpg"));
        picture.Strip();
        picture.Resize(new MagickGeometry(width, height) { IgnoreAspectRatio = true });
        return picture;
    }

    /// <summary>Encodes a picture, without loss except AVIF, and disposes it.</summary>
    public static byte[] Write(string format, MagickImage picture, Action<MagickImage>? change = null)
    {
        using (picture)
        {
            change?.Invoke(picture);
            switch (format)
            {
                case Avif:
                    picture.Quality = 90;
                    picture.Settings.SetDefine("heic:speed", "9");
                    picture.Settings.SetDefine("heic:chroma", "444");
                    return picture.ToByteArray(MagickFormat.Avif);
                case JpegXl:
                    picture.Quality = 100;
                    picture.Settings.SetDefine("jxl:effort", "2");
                    return picture.ToByteArray(MagickFormat.Jxl);
                default:
                    picture.Settings.Compression = CompressionMethod.LZW;
                    return picture.ToByteArray(MagickFormat.Tiff);
            }
        }
    }

    /// <summary>A TIFF file of two pages.</summary>
    public static byte[] TwoPages(MagickImage first, MagickImage second)
    {
        using var pages = new MagickImageCollection([first, second]);
        return pages.ToByteArray(MagickFormat.Tiff);
    }
}
