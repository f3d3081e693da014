using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Imaging.Codecs.Second;

/// <summary>Header of the image to decode, read by our own code: the decoder gets no file before its size is known
/// and allowed.</summary>
/// <param name="Width">Width as stored, before turns and crops, in pixels.</param>
/// <param name="Height">Height as stored, in pixels.</param>
/// <param name="Page">Index of the image in the file.</param>
internal sealed record ImageHeader(SecondFormat Format, long Width, long Height, int Page = 0)
{
    /// <param name="format">The file's format.</param>
    /// <param name="file">The file, or its beginning.</param>
    /// <param name="isWhole">Whether nothing follows: then a file whose image has not come has none.</param>
    /// <returns>Null if the header is damaged, or does not end in the file.</returns>
    /// <exception cref="ArtworkFailedException">unsupported_format: it is not a photo that can be decoded.</exception>
    public static ImageHeader? Read(SecondFormat format, ReadOnlySpan<byte> file, bool isWhole = true) =>
        format.Name switch
        {
            "tiff" => TiffHeader.Read(file),
            "jxl" => JpegXlHeader.Read(file),
            _ => HeifHeader.Read(format, file, isWhole),
        };
}
