using System.Buffers.Binary;
using System.Text;

namespace RemoveBg.Core.Imaging.Codecs.Second;

/// <summary>A format of the second decoder.</summary>
/// <param name="Name">Argument of RemoveBg.Decoder.</param>
/// <param name="BytesPerPixel">Memory of the decoder, at most, per pixel of the image. Measured at 12 megapixels with
/// more than 8 bits per channel and alpha, with a margin (docs/measurements.md).</param>
internal sealed record SecondFormat(string Name, int BytesPerPixel)
{
    public static readonly SecondFormat Heic = new("heic", 20), Avif = new("avif", 30), Tiff = new("tiff", 20),
        JpegXl = new("jxl", 56);

    /// <summary>Megabytes that the process takes for the smallest image, with a margin.</summary>
    public const int BaseMB = 120;

    /// <summary>Brands of HEIF images and image sequences (ISO/IEC 23008-12, annex B).</summary>
    private static readonly string[] s_heifBrands =
        ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "mif2", "msf1", "miaf"];

    /// <summary>Identifies a file by its first bytes, as <see cref="FileFormat"/> does.</summary>
    /// <returns>Null for a file of another format.</returns>
    public static SecondFormat? Of(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith<byte>([0xFF, 0x0A]) || file.StartsWith((ReadOnlySpan<byte>)
            [0, 0, 0, 12, .. "JXL "u8, 13, 10, 0x87, 10])) return JpegXl;
        // Canon's CR2 is a TIFF file with a signature of its own.
        if (file.Length >= 8 && (file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8)
            || file.StartsWith("II+\0"u8) || file.StartsWith("MM\0+"u8)) && !file[8..].StartsWith("CR"u8)) return Tiff;
        return file.Length >= 12 && file[4..8].SequenceEqual("ftyp"u8) ? OfBrands(BrandsOf(file)) : null;
    }

    /// <summary>The brands of an ISO base media file, the major one first (ISO/IEC 14496-12, section 4.3).</summary>
    public static IReadOnlyList<string> BrandsOf(ReadOnlySpan<byte> file)
    {
        var size = Math.Clamp(BinaryPrimitives.ReadInt32BigEndian(file), 12, Math.Min(file.Length, 128));
        var brands = new List<string> { Encoding.Latin1.GetString(file[8..12]) };
        // The minor version is none.
        for (var at = 16; at + 4 <= size; at += 4) brands.Add(Encoding.Latin1.GetString(file[at..(at + 4)]));
        return brands;
    }

    /// <summary>The major brand decides; files of some programs name the format only among the others. A video or a
    /// RAW file may name an image brand there, for its preview.</summary>
    private static SecondFormat? OfBrands(IReadOnlyList<string> brands)
    {
        if (brands[0] is "avif" or "avis") return Avif;
        if (!s_heifBrands.Contains(brands[0])) return null;
        return brands.Any(brand => brand is "avif" or "avis") ? Avif : Heic;
    }
}
