using ImageMagick;
using RemoveBg.Core.Imaging;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Small image files of each kind, written by libraries and by our own code.</summary>
internal static class FileSeeds
{
    public static readonly string[] ExifWords =
        ["eXIf", "zTXt", "tEXt", "iTXt", "EXIF", "Exif\0\0", "II*\0", "MM\0*", "Raw profile type exif\0", "a\n",
            "\u0012\u0001", "VP8X", "Raw profile type APP1\0"];

    public static readonly string[] HeaderWords =
        ["ftyp", "meta", "pitm", "iinf", "infe", "iprp", "ipco", "ipma", "ispe", "moov", "mdat", "jxlc", "jxlp",
            "hvc1", "av01", "grid", "\0\0\0\u0008moov", "\0\0\0\u0001"];

    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> s_first = new(() =>
        new[] { MagickFormat.Jpeg, MagickFormat.Png, MagickFormat.WebP, MagickFormat.Gif, MagickFormat.Bmp }
            .ToDictionary(format => $"{format}", format => Small().ToByteArray(format)));

    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> s_second = new(() =>
    {
        var files = SecondFiles.All.ToDictionary(format => format, SecondFiles.Small);
        files["tiff pages"] = SecondFiles.TwoPages(Small(), Small());
        files["tiff plain"] = SecondFiles.PlainTiff(2, [1, 2, 3]);
        // Its film comes first.
        var (heic, start) = (files["heic"], files["heic"][3]);
        files["heic film"] = [.. heic[..start], .. HeifFile.Box("moov", [1, 2, 3, 4]), .. heic[start..]];
        files["jxl in boxes"] = [0, 0, 0, 12, .. "JXL "u8, 13, 10, 0x87, 10, .. HeifFile.Box("ftyp", [.. "jxl "u8]),
            .. HeifFile.Box("jxlc", files["jxl"])];
        files["jxl beginning"] = files["jxl"][..3];
        files["heic alpha"] = HeifFile.WithAlpha;
        return files;
    });

    private static readonly Lazy<IReadOnlyList<byte[]>> s_withExif = new(() => [.. MakeWithExif()]);

    private static readonly Lazy<IReadOnlyList<byte[]>> s_jpegs = new(() =>
    [
        Jpeg(picture => picture.Settings.Interlace = Interlace.NoInterlace),
        Jpeg(picture => picture.Settings.Interlace = Interlace.Jpeg),
        Jpeg(picture => picture.Grayscale()),
        Jpeg(picture =>
        {
            picture.Settings.Interlace = Interlace.Jpeg;
            picture.Settings.SetDefine("jpeg:sampling-factor", "1x1");
        }),
        Jpeg(picture => picture.SetProfile(ColorProfiles.SRGB)),
        Jpeg(picture => picture.ColorSpace = ColorSpace.CMYK),
    ]);

    /// <summary>Formats of the first decoder.</summary>
    public static IReadOnlyDictionary<string, byte[]> First => s_first.Value;

    /// <summary>Formats of the second decoder; the first word of a name is the format's.</summary>
    public static IReadOnlyDictionary<string, byte[]> Second => s_second.Value;

    /// <summary>Files of each format that has EXIF.</summary>
    public static IReadOnlyList<byte[]> WithExif => s_withExif.Value;

    public static IReadOnlyList<byte[]> Jpegs => s_jpegs.Value;

    public static IReadOnlyList<byte[]> Others =>
    [
        [], [.. "<html><body>"u8], [.. "<?xml version='1.0'?><svg/>"u8], [.. "%PDF-1.7"u8], [.. "PK\x03\x04"u8],
        [.. "\0\0\0\x18"u8, .. "ftypisom\0\0\0\0mp42"u8], [.. "{\"a\":1}"u8],
    ];

    private static IEnumerable<byte[]> MakeWithExif()
    {
        using var photo = new Photo(2, 2, isOpaque: true);
        foreach (var chunk in new[] { "eXIf", "eXIf with the header of a JPEG", "zTXt", "tEXt", "iTXt" })
            yield return PngFile.With(photo, chunk, 6);
        foreach (var format in new[] { MagickFormat.WebP, MagickFormat.Jpeg, MagickFormat.Png })
        {
            using var picture = Small();
            var exif = new ExifProfile();
            exif.SetValue(ExifTag.Orientation, (ushort)3);
            exif.SetValue(ExifTag.Make, "Maker");
            exif.SetValue(ExifTag.Copyright, "A. Photographer");
            exif.SetValue(ExifTag.ISOSpeedRatings, [(ushort)100]);
            exif.SetValue(ExifTag.ExposureTime, new Rational(1, 250));
            exif.SetValue(ExifTag.DateTimeOriginal, "2026:11:30 12:00:00");
            exif.SetValue(ExifTag.GPSLatitude, [new Rational(1), new Rational(2), new Rational(3)]);
            picture.SetProfile(exif);
            yield return picture.ToByteArray(format);
            if (format == MagickFormat.Jpeg) yield return exif.ToByteArray()![6..];
        }
    }

    private static byte[] Jpeg(Action<MagickImage> change)
    {
        using var picture = Small();
        change(picture);
        return picture.ToByteArray(MagickFormat.Jpeg);
    }

    private static MagickImage Small() => SecondFiles.Picture(24, 16);
}
