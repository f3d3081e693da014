using ImageMagick;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Imaging.Codecs.Second;
using RemoveBg.SelfHost.Cli.Cut.Metadata;
using SkiaSharp;
using static RemoveBg.Tests.Fuzz.BrokenInvariantException;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Readers of image files. The pixels are decoded by libraries, which others fuzz: Imaging/FuzzTests and
/// DecoderFuzzTests.</summary>
internal static class FileHarnesses
{
    private const long MostScanned = 4_000_000;

    public static IEnumerable<Harness> All =>
    [
        Harness.Of("sniff", () => [.. FileSeeds.First.Values, .. FileSeeds.Second.Values, .. FileSeeds.Others],
            Sniff, CheckSniffed) with { Words = ["RIFF", "WEBP", "ftyp", "avif", "heic", "BM", "II*\0", "<svg"] },
        Harness.Of("exif-orientation", () => FileSeeds.WithExif,
            file => new Found<ExifOrientation>(ExifReader.OrientationOf(file)), CheckOrientation)
            with { Words = FileSeeds.ExifWords, AcceptsAll = true, Memory = (1_500_000, 12) },
        Harness.Of("exif-fields", () => FileSeeds.WithExif, file => ExifBlock.Copy(FindExif.In(file)) is
            { Length: > 0 } block ? block : null, CheckBlock) with { Words = FileSeeds.ExifWords },
        // Each table of codes is an array of 128 kB; a file may have a thousand.
        Harness.Of("jpeg-scan", () => FileSeeds.Jpegs, ScanJpeg, CheckJpeg) with { Memory = (140_000_000, 8) },
        .. SecondFiles().Select(each => Harness.Of($"{each.Key}-header", () => each.Value,
            file => SecondFormat.Of(file)?.Name == each.Key ? ImageHeader.Read(SecondFormat.Of(file)!, file) : null,
            CheckHeader, typeof(ArtworkFailedException)) with { Words = FileSeeds.HeaderWords }),
        Harness.Of("heif-written", () => [[0, 100, 0, 50], [255, 255, 1, 0]], WriteHeif, (sizes, header) =>
        {
            Require(header.Width == sizes[0] * 256 + sizes[1] && header.Height == sizes[2] * 256 + sizes[3],
                $"{header} is what was written");
            return "";
        }),
    ];

    private static IEnumerable<KeyValuePair<string, IReadOnlyList<byte[]>>> SecondFiles() =>
        Given.SecondFiles.All.Select(format => KeyValuePair.Create(format,
            (IReadOnlyList<byte[]>)[.. FileSeeds.Second.Where(file => file.Key.StartsWith(format,
                StringComparison.Ordinal)).Select(file => file.Value)]));

    private static string? Sniff(byte[] file) => SecondFormat.Of(file) is { } second ? second.Name
        : FileFormat.IsSupported(file) ? FileFormat.IsJpeg(file) ? "jpeg" : FileFormat.IsPng(file) ? "png"
            : FileFormat.IsWebp(file) ? "webp" : file[0] == 'G' ? "gif" : "bmp"
        : UnsupportedFile.Describe(file, new()).Length > 200 ? throw new BrokenInvariantException("a long message")
        : null;

    /// <summary>Compares the sniffed format with those that the first decoder and ImageMagick find. ImageMagick's
    /// large decoders are left out, as a crash would end the tests.</summary>
    private static string CheckSniffed(byte[] file, string name)
    {
        Require(SecondFormat.Of(file) is null || !FileFormat.IsSupported(file), "one decoder takes the file");
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        var skia = codec?.EncodedFormat.ToString().ToLowerInvariant();
        // WBMP has no signature but zeros.
        Require(skia is null or "wbmp" || skia == name, $"Skia opens it as {skia}, it is taken for {name}");
        if (name is not ("png" or "jpeg" or "gif" or "tiff")) return name;
        var magick = Ping(file)?.Format.ToString().ToLowerInvariant();
        Require(magick is null || magick.StartsWith(name[..3], StringComparison.Ordinal)
            || name == "jpeg" && magick == "jpg" || name == "tiff" && magick is "ptif" or "dng",
            $"ImageMagick opens it as {magick}, it is taken for {name}");
        return $"{name} {magick}";
    }

    /// <returns>The header as ImageMagick reads it; null if it refuses it.</returns>
    private static MagickImageInfo? Ping(byte[] file)
    {
        try
        {
            return new(file);
        }
        catch (MagickException)
        {
            return null;
        }
    }

    /// <summary>One of the eight; where we find one, Magick.NET's reader of EXIF finds no other one in the same block.
    /// It goes on where an entry makes no sense, so it may find one alone.</summary>
    private static string CheckOrientation(byte[] file, Found<ExifOrientation> found)
    {
        Require(found.Value is >= ExifOrientation.Upright and <= ExifOrientation.NeedsCounterClockwise,
            $"{found.Value} is an orientation");
        var tiff = FindExif.In(file);
        if (FileFormat.IsJpeg(file) || !IsThereOnce(tiff)) return $"{found.Value}";
        var other = new ExifProfile([.. "Exif\0\0"u8, .. tiff]).GetValue(ExifTag.Orientation)?.Value;
        Require(other is null or 0 or > 8 || found.Value == ExifOrientation.Upright || other == (int)found.Value,
            $"{other} is the orientation, {found.Value} was read");
        return $"{found.Value} {other == (int)found.Value}";
    }

    /// <summary>Whether the number of the tag occurs once, so that it does not matter which one counts.</summary>
    private static bool IsThereOnce(ReadOnlySpan<byte> tiff) =>
        tiff.Count<byte>([0x12, 0x01]) + tiff.Count<byte>([0x01, 0x12]) == 1;

    /// <summary>Checks that a copied block can be read again, and gives no location.</summary>
    private static string CheckBlock(byte[] file, byte[] block)
    {
        Require(ExifBlock.Copy(block).AsSpan().SequenceEqual(block), "a copy of the copy is the same");
        var values = new ExifProfile([.. "Exif\0\0"u8, .. block]).Values;
        Require(values.All(value => !$"{value.Tag}".StartsWith("GPS", StringComparison.Ordinal)), "no place is kept");
        return string.Join(' ', values.Select(value => value.Tag));
    }

    private static Found<(bool IsComplete, int BytesPerPixel)>? ScanJpeg(byte[] file)
    {
        if (!FileFormat.IsJpeg(file) || PixelsOf(file) is null or > MostScanned) return null;
        JpegScan.HasEnd(file);
        return new((JpegScan.IsComplete(file), JpegScan.BytesPerPixel(file)));
    }

    /// <summary>A file of several scans has its memory booked, also by its beginning.</summary>
    private static string CheckJpeg(byte[] file, Found<(bool IsComplete, int BytesPerPixel)> found)
    {
        var (isComplete, booked) = found.Value;
        Require(booked is >= 0 and <= 10, $"{booked} bytes per pixel are for at most four components");
        var isProgressive = Ping(file) is { Interlace: Interlace.Jpeg };
        Require(!isProgressive || booked > 0, "a progressive file has the memory of its coefficients booked");
        return $"{isComplete} {booked} {isProgressive}";
    }

    private static long? PixelsOf(byte[] file)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        return codec is null ? null : (long)codec.Info.Width * codec.Info.Height;
    }

    /// <summary>Sizes are not negative; the beginning of a file tells the same size or nothing, because memory is
    /// booked by it.</summary>
    private static string CheckHeader(byte[] file, ImageHeader header)
    {
        Require(header is { Width: >= 0, Height: >= 0, Page: >= 0 and < 100 }, $"{header} has a size");
        var all = Int128.Min(long.MaxValue, (Int128)header.Width * header.Height);
        for (var part = 1; part < 8; part++)
        {
            var (pixels, _) = Decode.Measure(file.AsMemory(0, file.Length * part / 8));
            Require(pixels is null || pixels == all,
                $"{part}/8 of the file announce {pixels} pixels, all of it {header}");
        }
        return $"{header.Page} {header.Width > 0} {header.Height > 0} {header.Width > 50_000}";
    }

    private static ImageHeader? WriteHeif(byte[] sizes)
    {
        if (sizes.Length < 4) return null;
        var file = new Given.HeifFile();
        file.Add("hvc1", [0], [Given.HeifFile.Size(sizes[0] * 256 + sizes[1], sizes[2] * 256 + sizes[3])]);
        return ImageHeader.Read(SecondFormat.Heic, file.ToArray());
    }
}

/// <summary>A value that was read.</summary>
internal sealed record Found<T>(T Value);
