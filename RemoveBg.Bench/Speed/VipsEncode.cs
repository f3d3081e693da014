using NetVips;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs.Webp;

namespace RemoveBg.Bench.Speed;

/// <summary>libvips' encoders, as a baseline.</summary>
internal static class VipsEncode
{
    /// <summary>Encodes lossy colour of quality 90 and exact alpha at effort 2, after the same preparation as
    /// ours.</summary>
    public static void Webp(Photo photo, Stream target)
    {
        InvisibleColour.Smooth(photo);
        using var image = Wrap(photo);
        // With exact, libwebp keeps the colour that the preparation chose for invisible pixels.
        target.Write(image.WebpsaveBuffer(q: 90, effort: 2, alphaQ: 100, exact: true, keep: Enums.ForeignKeep.None));
    }

    /// <param name="level">zlib compression level, from 1 to 9.</param>
    public static Action<Photo, Stream> Png(int level) => (photo, target) =>
    {
        using var image = Wrap(photo);
        target.Write(image.PngsaveBuffer(
            compression: level, filter: Enums.ForeignPngFilter.Up, keep: Enums.ForeignKeep.None));
    };

    private static unsafe Image Wrap(Photo photo)
    {
        using var pixels = Image.NewFromMemory(
            (nint)photo.Pixels, (ulong)photo.PixelCount * sizeof(uint), photo.Width, photo.Height, bands: 4,
            Enums.BandFormat.Uchar);
        return pixels.Copy(interpretation: Enums.Interpretation.Srgb);
    }
}
