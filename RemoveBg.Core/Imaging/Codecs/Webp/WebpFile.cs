using System.Buffers.Binary;
using System.Text;

namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>
/// Writes still WebP files with lossy colour (<see cref="LossyColour"/>) and exact alpha (<see cref="AlphaChunk"/>);
/// RFC 9649, section 2.7.
/// </summary>
/// <remarks>
/// libwebp alone spends two thirds of its time on the alpha plane, and neither Skia nor libvips has a setting for that.
/// </remarks>
internal static class WebpFile
{
    /// <summary>Pixels above which less memory (90 MB at 50 megapixels) is worth that the alpha is encoded before the
    /// colour and not beside it (0.1 s).</summary>
    internal const long LargePhoto = 24_000_000;

    private const int HasAlpha = 0x10;

    /// <param name="photo">Its invisible pixels change colour. A large one is disposed.</param>
    /// <param name="quality">Quality of the colour, from 0 to 100.</param>
    /// <param name="colourOf">Encoder of the colour, called with the quality; null for
    /// <see cref="LossyColour.Of"/>.</param>
    /// <exception cref="AggregateException">An encoder failed.</exception>
    /// <exception cref="NetVips.VipsException">The encoder failed on a large photo.</exception>
    public static void Write(Photo photo, int quality, Stream target, Func<Photo, int, byte[]>? colourOf = null)
    {
        var extended = new byte[10];
        extended[0] = HasAlpha;
        WriteUInt24(extended.AsSpan(4), photo.Width - 1);
        WriteUInt24(extended.AsSpan(7), photo.Height - 1);

        InvisibleColour.Smooth(photo);
        byte[] colour = [], alpha = [];
        if (photo.PixelCount > LargePhoto && colourOf is null && LossyColour.HasVips)
        {
            alpha = AlphaChunk.Of(photo);
            colour = LossyColour.Taking(photo, quality);
        }
        else
        {
            // The colour keeps one core busy for a quarter of a second at 12 megapixels. Encode the alpha on another.
            Parallel.Invoke(() => colour = (colourOf ?? LossyColour.Of)(photo, quality),
                () => alpha = AlphaChunk.Of(photo));
        }
        var colourChunk = FirstChunk(colour);

        Span<byte> head = stackalloc byte[12];
        "RIFF"u8.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..],
            4 + Padded(extended.Length) + Padded(alpha.Length) + Padded(colourChunk.Length));
        "WEBP"u8.CopyTo(head[8..]);
        target.Write(head);
        WriteChunk(target, "VP8X"u8, extended);
        WriteChunk(target, "ALPH"u8, alpha);
        WriteChunk(target, "VP8 "u8, colourChunk);
    }

    private static ReadOnlySpan<byte> FirstChunk(ReadOnlySpan<byte> file)
    {
        var name = file.Slice(12, 4);
        if (!name.SequenceEqual("VP8 "u8)) throw new InvalidOperationException(
            $"The encoder wrote '{Encoding.ASCII.GetString(name)}' instead of lossy colour ('VP8 ').");
        return file.Slice(20, BinaryPrimitives.ReadInt32LittleEndian(file[16..]));
    }

    private static void WriteChunk(Stream target, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, content.Length);
        target.Write(name);
        target.Write(length);
        target.Write(content);
        if (content.Length % 2 == 1) target.WriteByte(0);
    }

    /// <summary>Returns the size of a chunk, which has a header of 8 bytes and is padded to an even length.</summary>
    private static int Padded(int content) => 8 + content + content % 2;

    private static void WriteUInt24(Span<byte> to, int value)
    {
        (to[0], to[1], to[2]) = ((byte)value, (byte)(value >> 8), (byte)(value >> 16));
    }
}
