using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using SkiaSharp;

namespace RemoveBg.Tests.Given;

/// <summary>PNG files with an orientation, in each of the places where programs write it.</summary>
internal static class PngFile
{
    public static byte[] With(Photo photo, string chunk, byte orientation)
    {
        byte[] tiff = [.. "MM\0*\0\0\0\b\0\x01\x01\x12\0\x03\0\0\0\x01\0"u8, orientation, 0, 0, 0, 0, 0, 0];
        var profile = Encoding.Latin1.GetBytes(
            $"\nexif\n{tiff.Length + 6,8}\n{Convert.ToHexStringLower([.. "Exif\0\0"u8, .. tiff])}\n");
        byte[] content = chunk switch
        {
            "eXIf" => tiff,
            "eXIf with the header of a JPEG" => [.. "Exif\0\0"u8, .. tiff],
            "tEXt" => [.. "Raw profile type exif\0"u8, .. profile],
            "zTXt" => [.. "Raw profile type exif\0\0"u8, .. Deflate(profile)],
            _ => [.. "Raw profile type exif\0\x01\0\0\0"u8, .. Deflate(profile)],
        };
        var file = Encode(photo);
        // Behind the signature (8 bytes) and the header chunk (25).
        return [.. file[..33], .. Chunk(chunk[..4], content), .. file[33..]];
    }

    /// <summary>Nothing but grey.</summary>
    public static byte[] Blank(int width, int height)
    {
        using var photo = new Photo(width, height, isOpaque: true);
        for (var y = 0; y < height; y++) photo.Row(y).Fill(0xFF808080);
        return Encode(photo);
    }

    public static unsafe byte[] Encode(Photo photo)
    {
        using var stream = new MemoryStream();
        using var pixmap = new SKPixmap(new(photo.Width, photo.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul),
            (nint)photo.Pixels);
        Assert.That(pixmap.Encode(stream, SKPngEncoderOptions.Default), Is.True);
        return stream.ToArray();
    }

    public static byte[] Chunk(string type, byte[] content)
    {
        byte[] typed = [.. Encoding.ASCII.GetBytes(type), .. content];
        var chunk = new byte[typed.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        typed.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(typed.Length + 4), Crc32.HashToUInt32(typed));
        return chunk;
    }

    public static byte[] Deflate(byte[] bytes)
    {
        using var to = new MemoryStream();
        using (var zlib = new ZLibStream(to, CompressionLevel.Optimal)) zlib.Write(bytes);
        return to.ToArray();
    }
}
