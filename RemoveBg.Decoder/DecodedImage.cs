using System.Buffers.Binary;
using ImageMagick;

namespace RemoveBg.Decoder;

/// <summary>An image in sRGB, as stored.</summary>
/// <param name="orientation">EXIF orientation, from 1 to 8.</param>
internal sealed class DecodedImage(MagickImage image, int orientation) : IDisposable
{
    /// <summary>Bytes that are converted at once, about.</summary>
    private const int Chunk = 1 << 20;

    /// <summary>Writes width, height, orientation and 1 for an image with alpha, each in four bytes, little-endian;
    /// then the pixels as RGBA with straight alpha, row by row.</summary>
    public void Write(Stream to)
    {
        Span<byte> header = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, image.Width);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], image.Height);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], orientation);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], image.HasAlpha ? 1 : 0);
        to.Write(header);

        using var pixels = image.GetPixelsUnsafe();
        var rows = Math.Max(1, Chunk / (image.Width * 4));
        for (uint y = 0; y < image.Height; y += rows)
            to.Write(pixels.ToByteArray(0, (int)y, image.Width, Math.Min(rows, image.Height - y), "RGBA"));
    }

    public void Dispose() => image.Dispose();
}
