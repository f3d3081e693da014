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

    /// <summary>An uncompressed TIFF file of 16 x 16 equal pixels with 8 bits per sample.</summary>
    public static byte[] PlainTiff(int photometric, byte[] pixel, int? extraSamples = null)
    {
        const int side = 16;
        var entries = new List<(int Tag, int Count, int Value)>
        {
            (256, 1, side), (257, 1, side), (258, pixel.Length, 8), (259, 1, 1), (262, 1, photometric), (273, 1, 0),
            (277, 1, pixel.Length), (278, 1, side), (279, 1, side * side * pixel.Length),
        };
        if (extraSamples is { } extra) entries.Add((338, 1, extra));
        var end = 8 + 2 + entries.Count * 12 + 4;
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("II*\0"u8);
        writer.Write(8);
        writer.Write((ushort)entries.Count);
        foreach (var (tag, count, value) in entries)
        {
            writer.Write((ushort)tag);
            writer.Write((ushort)(tag is 273 or 279 ? 4 : 3));
            writer.Write(count);
            // More than two values lie behind the directory; the pixels behind them.
            writer.Write(tag == 273 ? end + 8 : count > 2 ? end : value);
        }
        writer.Write(0);
        for (var i = 0; i < 4; i++) writer.Write((ushort)8);
        for (var i = 0; i < side * side; i++) writer.Write(pixel);
        return file.ToArray();
    }
}
