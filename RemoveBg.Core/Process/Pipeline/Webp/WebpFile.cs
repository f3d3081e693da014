using System.Buffers.Binary;
using System.Text;
using SkiaSharp;

namespace RemoveBg.Core.Process.Pipeline.Webp;

/// <summary>
/// A still WebP file of lossy colour and exact alpha (RFC 9649, section 2.7): the colour by Skia's encoder (libwebp), the alpha by
/// <see cref="AlphaChunk"/>. Skia alone spends two thirds of its time on the alpha plane, and has no setting for that.
/// </summary>
internal static class WebpFile
{
    private const int HasAlpha = 0x10;

    /// <exception cref="AggregateException">The encoder refused the picture.</exception>
    public static void Write(Photo photo, int quality, Stream target)
    {
        InvisibleColour.Smooth(photo);
        // The colour keeps one core busy for half a second at 12 megapixels; the alpha is done meanwhile on another.
        SKData? encoded = null;
        byte[] alpha = [];
        Parallel.Invoke(() => encoded = Colour(photo, quality), () => alpha = AlphaChunk.Of(photo));
        using var colour = encoded!;
        var colourChunk = FirstChunk(colour.Span);

        var extended = new byte[10];
        extended[0] = HasAlpha;
        WriteUInt24(extended.AsSpan(4), photo.Width - 1);
        WriteUInt24(extended.AsSpan(7), photo.Height - 1);

        Span<byte> head = stackalloc byte[12];
        "RIFF"u8.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], 4 + Padded(extended.Length) + Padded(alpha.Length) + Padded(colourChunk.Length));
        "WEBP"u8.CopyTo(head[8..]);
        target.Write(head);
        WriteChunk(target, "VP8X"u8, extended);
        WriteChunk(target, "ALPH"u8, alpha);
        WriteChunk(target, "VP8 "u8, colourChunk);
    }

    private static unsafe SKData Colour(Photo photo, int quality)
    {
        using var pixmap = new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgb888x, SKAlphaType.Opaque), (nint)photo.Pixels);
        return pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality))
            ?? throw new InvalidOperationException($"The encoder refused a picture of {photo.Width} x {photo.Height} pixels.");
    }

    private static ReadOnlySpan<byte> FirstChunk(ReadOnlySpan<byte> file)
    {
        var name = file.Slice(12, 4);
        if (!name.SequenceEqual("VP8 "u8)) throw new InvalidOperationException($"The encoder wrote '{Encoding.ASCII.GetString(name)}' where lossy colour was asked for.");
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

    /// <summary>A chunk has a head of 8 bytes and an even length.</summary>
    private static int Padded(int content) => 8 + content + content % 2;

    private static void WriteUInt24(Span<byte> to, int value)
    {
        (to[0], to[1], to[2]) = ((byte)value, (byte)(value >> 8), (byte)(value >> 16));
    }
}
