using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using NetVips;
using RemoveBg.Core.Imaging.Codecs.Second;

namespace RemoveBg.Tests.Given;

/// <summary>Expected outcome of a file.</summary>
public enum Expected
{
    /// <summary>Refused with a code, or decoded: damage by chance may do either.</summary>
    NoCrash,
    Decodes,
    Refused,
}

/// <summary>An image file, or what pretends to be one.</summary>
/// <param name="Width">Stored width, in pixels; 0 if unknown.</param>
internal sealed record ImageFile(
    string Name, byte[] Content, Expected Expected = Expected.Decodes, int Width = 0, int Height = 0)
{
    public override string ToString() => Name;
}

/// <summary>
/// Files of each accepted format, written by libvips (the service reads with Skia), whole and spoilt, and where the
/// shared test data is there the files of others.
/// </summary>
internal static class ImageFiles
{
    private const int Width = 61, Height = 43;

    private static ReadOnlySpan<byte> FrameMarker => [0xFF, 0xC2];

    private static ReadOnlySpan<byte> ScanMarker => [0xFF, 0xDA];

    /// <summary>Files that must decode to their size.</summary>
    public static IReadOnlyList<ImageFile> Valid { get; } = [.. OwnValid(), .. Corpus("valid/")];

    /// <summary>Files that an attacker, or a broken program, sends.</summary>
    public static IReadOnlyList<ImageFile> Hostile { get; } = [.. OwnHostile(), .. Corpus("hostile/")];

    private static IEnumerable<ImageFile> OwnValid()
    {
        using var photo = Photo(Width, Height);
        using var alpha = photo.ExtractBand(0);
        using var withAlpha = photo.Bandjoin(alpha);
        using var grey = photo.ExtractBand(1).Copy(interpretation: Enums.Interpretation.Bw);
        using var greyAlpha = grey.Bandjoin(alpha);
        using var deep = photo.Cast(Enums.BandFormat.Ushort).Linear([257], [0]).Cast(Enums.BandFormat.Ushort)
            .Copy(interpretation: Enums.Interpretation.Rgb16);
        using var cmyk = photo.Bandjoin(alpha).Copy(interpretation: Enums.Interpretation.Cmyk);
        using var pixel = Photo(1, 1);
        using var column = Photo(1, 5000);

        foreach (var bits in new[] { 1, 2, 4, 8 })
        {
            yield return Of($"grey-{bits}.png", grey.PngsaveBuffer(bitdepth: bits));
            yield return Of($"palette-{bits}.png", photo.PngsaveBuffer(palette: true, bitdepth: bits));
        }
        yield return Of("rgb.png", photo.PngsaveBuffer());
        yield return Of("rgb-interlaced.png", photo.PngsaveBuffer(interlace: true));
        yield return Of("rgba.png", withAlpha.PngsaveBuffer());
        yield return Of("rgba-interlaced.png", withAlpha.PngsaveBuffer(interlace: true));
        yield return Of("grey-alpha.png", greyAlpha.PngsaveBuffer());
        yield return Of("rgb-16.png", deep.PngsaveBuffer(bitdepth: 16));
        yield return new("1x1.png", pixel.PngsaveBuffer(), Width: 1, Height: 1);
        yield return new("1x5000.png", column.PngsaveBuffer(), Width: 1, Height: 5000);
        foreach (var filter in Enum.GetValues<Enums.ForeignPngFilter>())
            yield return Of($"filter-{filter}.png", photo.PngsaveBuffer(filter: filter));

        foreach (var subsampling in new[] { Enums.ForeignSubsample.On, Enums.ForeignSubsample.Off })
            foreach (var interlace in new[] { false, true })
                yield return Of($"rgb-{subsampling}-{interlace}.jpg",
                    photo.JpegsaveBuffer(q: 90, interlace: interlace, subsampleMode: subsampling));
        yield return Of("grey.jpg", grey.JpegsaveBuffer());
        yield return Of("cmyk.jpg", cmyk.JpegsaveBuffer());
        yield return Of("worst.jpg", photo.JpegsaveBuffer(q: 1));
        yield return Of("restarts.jpg", photo.JpegsaveBuffer(restartInterval: 1));
        yield return Of("optimised.jpg", photo.JpegsaveBuffer(optimizeCoding: true));
        yield return new("1x1.jpg", pixel.JpegsaveBuffer(), Width: 1, Height: 1);

        yield return Of("lossy.webp", photo.WebpsaveBuffer(q: 70));
        yield return Of("lossy-alpha.webp", withAlpha.WebpsaveBuffer(q: 70));
        yield return Of("lossless.webp", withAlpha.WebpsaveBuffer(lossless: true));
        yield return Of("near-lossless.webp", photo.WebpsaveBuffer(nearLossless: true));
        yield return Of("animated.webp", Frames(photo, 3, image => image.WebpsaveBuffer()));

        yield return Of("plain.gif", photo.GifsaveBuffer());
        yield return Of("interlaced.gif", photo.GifsaveBuffer(interlace: true));
        yield return Of("transparent.gif", withAlpha.GifsaveBuffer());
        yield return Of("animated.gif", Frames(photo, 3, image => image.GifsaveBuffer()));

        yield return Of("rgb.bmp", Bitmap(Width, Height));
        yield return Of("rgb-upside-down.bmp", Bitmap(Width, -Height));

        static ImageFile Of(string name, byte[] content) => new(name, content, Width: Width, Height: Height);
    }

    private static IEnumerable<ImageFile> OwnHostile()
    {
        using var photo = Photo(200, 150);
        byte[] png = photo.PngsaveBuffer(), jpeg = photo.JpegsaveBuffer(interlace: true),
            webp = photo.WebpsaveBuffer(), gif = photo.GifsaveBuffer(), bmp = Bitmap(200, 150);
        (string Extension, byte[] File)[] each =
            [("png", png), ("jpg", jpeg), ("webp", webp), ("gif", gif), ("bmp", bmp)];

        // 1. Cut off, and with flipped bits.
        var random = new Random(20261127);
        foreach (var (extension, file) in each)
        {
            foreach (var percent in new[] { 5, 50, 95 })
                yield return new($"truncated-{percent}.{extension}", file[..(file.Length * percent / 100)],
                    Expected.Refused);
            yield return new($"truncated-8-bytes.{extension}", file[..8], Expected.Refused);
            yield return new($"truncated-by-1.{extension}", file[..^1],
                extension is "webp" or "bmp" ? Expected.Refused : Expected.Decodes);
            for (var i = 0; i < 12; i++)
            {
                byte[] flipped = [.. file];
                for (var bit = 0; bit <= i; bit++) flipped[random.Next(8, file.Length)] ^= (byte)(1 << random.Next(8));
                yield return new($"flipped-{i}.{extension}", flipped, Expected.NoCrash);
            }
        }

        // 2. Sizes that are wrong or too large.
        foreach (var (width, height) in new[] { (65_536, 65_536), (1_000_000, 1), (1, 1_000_000), (50_000, 50_000),
            (20_000, 20_000), (0, 0), (4_000, 4_000) })
            yield return new($"claims-{width}x{height}.png", Resized(png, width, height), Expected.Refused);
        yield return new("claims-65535x65535.gif", With(gif, 6, [0xFF, 0xFF, 0xFF, 0xFF]), Expected.Refused);
        yield return new("claims-65500x65500.jpg", JpegOf(jpeg, 65_500, 65_500), Expected.Refused);
        yield return new("claims-6000x6000.jpg", JpegOf(jpeg, 6_000, 6_000), Expected.Refused);
        yield return new("claims-0x0.jpg", JpegOf(jpeg, 0, 0), Expected.Refused);
        yield return new("claims-100000x100000.bmp", Bitmap(200, 150, 100_000, 100_000), Expected.Refused);
        yield return new("claims-least-height.bmp", Bitmap(200, 150, 200, int.MinValue), Expected.Refused);

        // 3. Little to send and much to do.
        var body = png[33..];
        var text = PngFile.Chunk("tEXt", "Comment\0x"u8.ToArray());
        yield return new("200000-chunks.png",
            [.. png[..33], .. Enumerable.Repeat(text, 200_000).SelectMany(chunk => chunk), .. body]);
        var zeros = PngFile.Deflate(new byte[100_000_000]);
        yield return new("text-bomb.png",
            [.. png[..33], .. PngFile.Chunk("zTXt", [.. "Comment\0\0"u8, .. zeros]), .. body]);
        yield return new("profile-bomb.png",
            [.. png[..33], .. PngFile.Chunk("iCCP", [.. "icc\0\0"u8, .. zeros]), .. body]);
        yield return new("3000-scans.jpg", WithScans(jpeg, 3_000), Expected.Refused);
        using var speck = Photo(2, 2);
        yield return new("10000-frames.gif", Frames(speck, 10_000, image => image.GifsaveBuffer()));

        // 4. Two files in one.
        yield return new("zip-behind.png", [.. png, .. "PK\x03\x04"u8, .. new byte[100]]);
        yield return new("zip-behind.jpg", [.. jpeg, .. Archive()]);
        yield return new("zip-behind.gif", [.. gif, .. Archive()]);
        yield return new("zip-behind.webp", [.. webp, .. Archive()]);
        // "GIF89a/*" and the rest in a comment: a script to a browser that sniffs.
        yield return new("script.gif", [.. With(gif, 6, "/*"u8.ToArray()), .. "*/=1;alert('SMUGGLED')"u8]);
        yield return new("pdf-inside.jpg", [.. jpeg[..2], .. Segment(0xFE, "%PDF-1.7\n1 0 obj<<>>endobj SMUGGLED"),
            .. jpeg[2..]]);
        yield return new("photo-inside.pdf", [.. "%PDF-1.7\n1 0 obj<<>>stream\n"u8, .. jpeg], Expected.Refused);
        yield return new("script-inside.jpg", [.. jpeg[..2], .. Segment(0xFE, "<script>alert(1)</script>"),
            .. jpeg[2..]]);
        yield return new("php-inside.png", [.. png[..33], .. PngFile.Chunk("tEXt",
            [.. "Comment\0<?php system($_GET[0]); ?>"u8]), .. body]);
        yield return new("png-named.jpg", png);

        // 5. Spoilt in one place.
        yield return new("wrong-checksum.png", With(png, png.Length - 20, [1, 2, 3, 4]), Expected.Refused);
        yield return new("no-profile.png",
            [.. png[..33], .. PngFile.Chunk("iCCP", [.. "icc\0\0"u8, .. PngFile.Deflate([1, 2, 3])]), .. body]);
        yield return new("no-exif.jpg",
            [.. jpeg[..2], .. Segment(0xE1, "Exif\0\0MM\0*\xFF\xFF\xFF\xFF"), .. jpeg[2..]]);

        // 6. No images.
        foreach (var (name, content) in new (string, string)[]
        {
            ("empty.jpg", ""), ("page.png", "<!doctype html><script>alert(1)</script>"),
            ("drawing.png", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
            ("entity.svg", "<!DOCTYPE s [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>"),
            ("document.jpg", "%PDF-1.7\n1 0 obj"), ("archive.jpg", "PK\x03\x04\x14\0\0\0"),
            ("keys.png", """{"AccessKeyId":"secret"}"""), ("compressed.jpg", "\x1F\x8B\b\0\0\0\0\0"),
            ("icon.ico", "\0\0\x01\0\xFF\xFF"), ("photo.heic", "\0\0\0\x18" + "ftypheic\0\0\0\0mif1heic"),
        }) yield return new(name, Encoding.Latin1.GetBytes(content), Expected.Refused);
    }

    /// <summary>A whole archive with one file that is stored as it is.</summary>
    private static byte[] Archive()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        using (var file = zip.CreateEntry("run.sh", CompressionLevel.NoCompression).Open())
            file.Write("echo SMUGGLED"u8);
        return bytes.ToArray();
    }

    private static IEnumerable<ImageFile> Corpus(string prefix)
    {
        if (Repo.SharedIfAny("images", "corpus") is not { } folder) yield break;
        using var manifest = System.Text.Json.JsonDocument.Parse(
            File.ReadAllText(Path.Combine(folder, "manifest.json")));
        foreach (var entry in manifest.RootElement.GetProperty("files").EnumerateArray())
        {
            if (!entry.Text("file")!.StartsWith(prefix, StringComparison.Ordinal)) continue;
            var size = entry.TryGetProperty("skia", out var skia) && skia.Text("wh") is { } text
                ? text.Split('x').Select(int.Parse).ToArray() : [0, 0];
            yield return new(entry.Text("file")!, File.ReadAllBytes(Path.Combine(folder, entry.Text("file")!)),
                entry.Text("expected") switch
                {
                    // Lacks only its end marker.
                    "rejected" when entry.Text("file")!.EndsWith("/truncated_jpeg.jpg", StringComparison.Ordinal)
                        => Expected.Decodes,
                    // Formats that it knows as unsupported, and that the second decoder takes by now.
                    "rejected" when SecondFormat.Of(File.ReadAllBytes(
                        Path.Combine(folder, entry.Text("file")!))) is not null => Expected.NoCrash,
                    "rejected" => Expected.Refused,
                    "decodes" or "succeeds" => Expected.Decodes,
                    _ => prefix == "valid/" ? Expected.Decodes : Expected.NoCrash,
                }, size[0], size[1]);
        }
    }

    /// <summary>A gradient with a coarse pattern, opaque, sRGB.</summary>
    private static Image Photo(int width, int height)
    {
        using var xy = Image.Xyz(width, height);
        using var x = xy.ExtractBand(0);
        using var y = xy.ExtractBand(1);
        return x.Linear([255.0 / width], [0])
            .Bandjoin(y.Linear([255.0 / height], [0]), (x / 8 + y / 8).Sin() * 100 + 120)
            .Cast(Enums.BandFormat.Uchar).Copy(interpretation: Enums.Interpretation.Srgb);
    }

    private static byte[] Frames(Image frame, int count, Func<Image, byte[]> save)
    {
        using var strip =
            Image.Arrayjoin([.. Enumerable.Range(0, count).Select(i => i % 2 == 0 ? frame : frame.Invert())],
            across: 1);
        using var animation = strip.Mutate(image => image.Set(GValue.GIntType, "page-height", frame.Height));
        return save(animation);
    }

    /// <summary>A BMP of 24 bits per pixel; a negative height means that the first row is the top one.</summary>
    private static byte[] Bitmap(int width, int height, int? claimedWidth = null, int? claimedHeight = null)
    {
        var stride = (width * 3 + 3) / 4 * 4;
        var file = new byte[54 + stride * Math.Abs(height)];
        new Random(1).NextBytes(file.AsSpan(54));
        "BM"u8.CopyTo(file);
        foreach (var (at, value) in new[] { (2, file.Length), (10, 54), (14, 40), (18, claimedWidth ?? width),
            (22, claimedHeight ?? height), (26, 24 << 16 | 1) })
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        return file;
    }

    /// <summary>Another size in the PNG header, with a right checksum.</summary>
    private static byte[] Resized(byte[] png, int width, int height)
    {
        byte[] header = [.. png[16..29]];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        return [.. png[..8], .. PngFile.Chunk("IHDR", header), .. png[33..]];
    }

    /// <summary>Another size in the JPEG frame header.</summary>
    private static byte[] JpegOf(byte[] jpeg, int width, int height)
    {
        var at = jpeg.AsSpan().IndexOf(FrameMarker) + 5;
        return With(jpeg, at, [(byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width]);
    }

    /// <summary>Repeats a progressive JPEG's last scan.</summary>
    private static byte[] WithScans(byte[] jpeg, int count)
    {
        var last = jpeg.AsSpan().LastIndexOf(ScanMarker);
        byte[] scan = jpeg[last..^2];
        return [.. jpeg[..^2], .. Enumerable.Repeat(scan, count).SelectMany(bytes => bytes), .. jpeg[^2..]];
    }

    private static byte[] Segment(byte marker, string content)
    {
        var bytes = Encoding.Latin1.GetBytes(content);
        return [0xFF, marker, (byte)((bytes.Length + 2) >> 8), (byte)(bytes.Length + 2), .. bytes];
    }

    private static byte[] With(byte[] file, int at, byte[] bytes)
    {
        byte[] changed = [.. file];
        bytes.CopyTo(changed, at);
        return changed;
    }
}
