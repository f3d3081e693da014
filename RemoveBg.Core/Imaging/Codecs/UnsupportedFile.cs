using System.Text;
using System.Text.RegularExpressions;
using RemoveBg.Core.Imaging.Codecs.Second;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Names the kind of a file that the decoder does not take. Often the URL is that of a page about the
/// photo.</summary>
internal static partial class UnsupportedFile
{
    /// <summary>Bytes that are searched for the beginning of a page.</summary>
    private const int Searched = 1024;

    /// <summary>Signatures at the beginning of files, and the kind of such a file.</summary>
    private static readonly (byte[] Signature, string Kind, bool IsImage)[] s_signatures =
    [
        ([0, 0, 0, 12, .. "jP  "u8], "JPEG 2000", true),
        ([.. "II*\0"u8, 16, 0, 0, 0, .. "CR"u8], "Canon RAW (CR2)", true),
        ([.. "FUJIFILMCCD-RAW"u8], "Fujifilm RAW (RAF)", true),
        ([.. "IIRO"u8], "Olympus RAW (ORF)", true),
        ([.. "IIRS"u8], "Olympus RAW (ORF)", true),
        ([.. "IIU\0"u8], "Panasonic RAW (RW2)", true),
        ([0, 0, 1, 0], "ICO", true),
        ([.. "8BPS"u8], "PSD", true),
        ([.. "%PDF"u8], "a PDF document", false),
        ([0x1A, 0x45, 0xDF, 0xA3], "a Matroska or WebM video", false),
        ([.. "PK\x03\x04"u8], "a ZIP archive", false),
        ([0x1F, 0x8B], "a gzip archive", false),
    ];

    /// <summary>Describes a file that no decoder takes.</summary>
    /// <returns>One or two sentences.</returns>
    public static string Describe(ReadOnlySpan<byte> file, ImageOptions options)
    {
        var use = $"Use {FileFormat.Supported(options)}.";
        if (file.IsEmpty) return $"The file is empty. {use}";
        var (kind, isImage) = KindOf(file);
        return kind is null ? $"The file is not an image of a known format. {use}"
            : SecondFormat.Of(file) is not null ? $"This installation does not decode {kind} images. {use}"
            : isImage ? $"{kind} images are not supported. {use}"
            : $"The file is {kind}, not an image. {use}";
    }

    /// <summary>The name of a format of the second decoder.</summary>
    public static string NameOf(SecondFormat format) => format == SecondFormat.Heic ? "HEIC"
        : format == SecondFormat.Avif ? "AVIF" : format == SecondFormat.Tiff ? "TIFF" : "JPEG XL";

    private static (string? Kind, bool IsImage) KindOf(ReadOnlySpan<byte> file)
    {
        if (SecondFormat.Of(file) is { } second) return (NameOf(second), true);
        if (file.Length >= 12 && file[4..8].SequenceEqual("ftyp"u8)) return OfBrand(SecondFormat.BrandsOf(file)[0]);
        if (file.Length >= 12 && file.StartsWith("RIFF"u8) && file[8..12].SequenceEqual("AVI "u8))
            return ("an AVI video", false);
        foreach (var (signature, kind, isImage) in s_signatures)
            if (file.StartsWith(signature)) return (kind, isImage);
        return OfText(Encoding.UTF8.GetString(file[..Math.Min(file.Length, Searched)]).TrimStart('\uFEFF', ' ', '\t',
            '\r', '\n'));
    }

    /// <summary>Tells ISO base media files apart by their major brand (ISO/IEC 14496-12, section 4.3).</summary>
    private static (string? Kind, bool IsImage) OfBrand(string brand) => brand switch
    {
        "crx " => ("Canon RAW (CR3)", true),
        "qt  " => ("a QuickTime video", false),
        "M4A " or "M4B " => ("an MPEG-4 sound file", false),
        _ => ("an MP4 video", false),
    };

    private static (string? Kind, bool IsImage) OfText(string start)
    {
        if (start.StartsWith('{') || start.StartsWith('[')) return ("JSON", false);
        if (!start.StartsWith('<')) return default;
        if (start.Contains("<!doctype html", StringComparison.OrdinalIgnoreCase)) return ("an HTML page", false);
        return FirstElement().Match(start).Groups[1].Value.ToLowerInvariant() switch
        {
            "svg" => ("SVG", true),
            "html" or "head" or "body" or "title" or "meta" or "script" or "div" or "p" => ("an HTML page", false),
            _ => ("an XML document", false),
        };
    }

    [GeneratedRegex("<([A-Za-z]+)")]
    private static partial Regex FirstElement();
}
