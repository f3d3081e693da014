using System.Buffers.Binary;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Imaging.Codecs.Second;

/// <summary>Reads the size of a TIFF or BigTIFF file's first page that is no thumbnail (TIFF 6.0, sections 2
/// and 8).</summary>
internal readonly ref struct TiffHeader
{
    private const int Subfile = 254, ImageWidth = 256, ImageLength = 257, SubDirectories = 330, DngVersion = 50706;

    /// <summary>Most directories that are looked at: a directory may name itself, or another, as the next.</summary>
    private const int MostPages = 100;

    private readonly ReadOnlySpan<byte> _file;
    private readonly bool _isLittle, _isBig;

    private TiffHeader(ReadOnlySpan<byte> file)
    {
        _file = file;
        _isLittle = file[0] == 'I';
        _isBig = file[2] == '+' || file[3] == '+';
    }

    /// <summary>Reads the header of a TIFF file.</summary>
    public static ImageHeader? Read(ReadOnlySpan<byte> file) =>
        file.Length < 16 ? null : new TiffHeader(file).Run();

    private ImageHeader? Run()
    {
        var next = _isBig ? Read64(8) : Read32(4);
        for (var page = 0; page < MostPages && next > 0; page++)
        {
            if (ReadDirectory(next, out var width, out var height, out var isThumbnail, out var isRaw) is not { } after)
                return null;
            // A RAW file's first directory is a small preview, or says that it is a RAW file; the photo lies below.
            if (page == 0 && isRaw)
                throw new ArtworkFailedException(ArtworkFailure.UnsupportedFormat,
                    "Camera RAW images (DNG, NEF, ARW and the like) are not supported. Use the camera's JPEG.");
            if (!isThumbnail) return new(SecondFormat.Tiff, width, height, page);
            next = after;
        }
        return null;
    }

    /// <returns>The offset of the next directory; null if this one does not lie in the file.</returns>
    private long? ReadDirectory(long at, out long width, out long height, out bool isThumbnail, out bool isRaw)
    {
        (width, height, isThumbnail, isRaw) = (0, 0, false, false);
        var (countSize, entrySize) = _isBig ? (8, 20) : (2, 12);
        if (at > _file.Length - countSize) return null;
        var count = _isBig ? Read64((int)at) : Read16((int)at);
        var end = at + countSize + count * entrySize;
        if (count is 0 or > ushort.MaxValue || end + (_isBig ? 8 : 4) > _file.Length) return null;
        var hasSubDirectories = false;
        for (var entry = (int)at + countSize; entry < end; entry += entrySize)
            switch (Read16(entry))
            {
                case Subfile:
                    isThumbnail = (ValueOf(entry) & 1) != 0;
                    break;
                case ImageWidth:
                    width = ValueOf(entry);
                    break;
                case ImageLength:
                    height = ValueOf(entry);
                    break;
                case SubDirectories:
                    hasSubDirectories = true;
                    break;
                case DngVersion:
                    isRaw = true;
                    break;
            }
        isRaw |= isThumbnail && hasSubDirectories;
        return _isBig ? Read64((int)end) : Read32((int)end);
    }

    /// <summary>Reads an entry's value: BYTE, SHORT, LONG or LONG8; anything else counts as 0.</summary>
    private long ValueOf(int entry)
    {
        var value = entry + (_isBig ? 12 : 8);
        return Read16(entry + 2) switch
        {
            1 => _file[value],
            3 => Read16(value),
            4 => Read32(value),
            16 when _isBig => Read64(value),
            _ => 0,
        };
    }

    private ushort Read16(int at) => _isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(_file[at..])
        : BinaryPrimitives.ReadUInt16BigEndian(_file[at..]);

    private uint Read32(int at) => _isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(_file[at..])
        : BinaryPrimitives.ReadUInt32BigEndian(_file[at..]);

    /// <summary>Values beyond any file count as the largest.</summary>
    private long Read64(int at) => (long)Math.Min(long.MaxValue / 2, _isLittle
        ? BinaryPrimitives.ReadUInt64LittleEndian(_file[at..]) : BinaryPrimitives.ReadUInt64BigEndian(_file[at..]));
}
