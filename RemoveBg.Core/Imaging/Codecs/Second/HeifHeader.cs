using System.Buffers.Binary;
using System.Text;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Imaging.Codecs.Second;

/// <summary>Reads the size of a HEIF file's primary item (ISO/IEC 23008-12): boxes meta, pitm, iinf and iprp.</summary>
/// <remarks>Each loop ends with the bytes, and no box is entered that is not one of these, so that neither nested nor
/// empty boxes take time.</remarks>
internal sealed class HeifHeader
{
    /// <summary>Kinds of the primary item that are decoded: HEVC, AV1, and images made of others.</summary>
    private static readonly string[] s_kinds = ["hvc1", "av01", "grid", "iden", "iovl"];

    private readonly Dictionary<uint, string> _kinds = [];
    private readonly List<(uint Width, uint Height)?> _properties = [];
    private readonly List<(uint Item, int Property)> _associations = [];
    private uint? _primary;
    private bool _hasMovie, _hasMeta;

    /// <summary>Reads the header of a HEIC or AVIF file.</summary>
    public static ImageHeader? Read(SecondFormat format, ReadOnlySpan<byte> file, bool isWhole)
    {
        var header = new HeifHeader();
        for (var rest = file; NextBox(ref rest) is { IsEmpty: false } box;)
            switch (box.Type)
            {
                case "meta" when !header._hasMeta && box.Content.Length > 4:
                    header._hasMeta = true;
                    header.ReadMeta(box.Content[4..]);
                    break;
                case "moov":
                    header._hasMovie = true;
                    break;
            }
        return header.Result(format, isWhole);
    }

    private ImageHeader? Result(SecondFormat format, bool isWhole)
    {
        if (_primary is not { } primary)
            return _hasMovie && isWhole ? throw new ArtworkFailedException(ArtworkFailure.UnsupportedFormat,
                $"{UnsupportedFile.NameOf(format)} sequences without a still image are not supported.") : null;
        if (_kinds.TryGetValue(primary, out var kind) && !s_kinds.Contains(kind))
            throw new ArtworkFailedException(ArtworkFailure.UnsupportedFormat,
                "HEIF images are supported with HEVC or AV1 inside, and this one has another codec.");
        foreach (var (item, property) in _associations)
            if (item == primary && property >= 1 && property <= _properties.Count
                && _properties[property - 1] is { } size) return new(format, size.Width, size.Height);
        return null;
    }

    private void ReadMeta(ReadOnlySpan<byte> meta)
    {
        for (var rest = meta; NextBox(ref rest) is { IsEmpty: false } box;)
            switch (box.Type)
            {
                case "pitm" when box.Content.Length > 4:
                    _primary = ReadId(box.Content[4..], isLong: box.Content[0] > 0);
                    break;
                case "iinf" when box.Content.Length > 8:
                    ReadItems(box.Content[(box.Content[0] == 0 ? 6 : 8)..]);
                    break;
                case "iprp":
                    for (var inner = box.Content; NextBox(ref inner) is { IsEmpty: false } part;)
                        if (part.Type == "ipco") ReadProperties(part.Content);
                        else if (part.Type == "ipma") ReadAssociations(part.Content);
                    break;
            }
    }

    private void ReadItems(ReadOnlySpan<byte> items)
    {
        for (var rest = items; NextBox(ref rest) is { IsEmpty: false } box;)
        {
            // Versions 0 and 1 have no kind; version 3 has long ids.
            if (box.Type != "infe" || box.Content.Length < 4 || box.Content[0] < 2) continue;
            var isLong = box.Content[0] > 2;
            var at = 4 + (isLong ? 4 : 2) + 2;
            if (box.Content.Length < at + 4) continue;
            _kinds[ReadId(box.Content[4..], isLong)!.Value] = Encoding.Latin1.GetString(box.Content.Slice(at, 4));
        }
    }

    private void ReadProperties(ReadOnlySpan<byte> properties)
    {
        for (var rest = properties; NextBox(ref rest) is { IsEmpty: false } box;)
            _properties.Add(box is { Type: "ispe", Content.Length: >= 12 }
                ? (BinaryPrimitives.ReadUInt32BigEndian(box.Content[4..]),
                    BinaryPrimitives.ReadUInt32BigEndian(box.Content[8..])) : null);
    }

    private void ReadAssociations(ReadOnlySpan<byte> box)
    {
        if (box.Length < 8) return;
        bool isLong = box[0] > 0, isWide = (box[3] & 1) != 0;
        var entries = BinaryPrimitives.ReadUInt32BigEndian(box[4..]);
        var rest = box[8..];
        for (; entries > 0 && ReadId(rest, isLong) is { } item; entries--)
        {
            rest = rest[(isLong ? 4 : 2)..];
            if (rest.IsEmpty) return;
            int count = rest[0];
            rest = rest[1..];
            for (; count > 0 && rest.Length >= (isWide ? 2 : 1); count--, rest = rest[(isWide ? 2 : 1)..])
                _associations.Add((item,
                    isWide ? BinaryPrimitives.ReadUInt16BigEndian(rest) & 0x7FFF : rest[0] & 0x7F));
        }
    }

    private static uint? ReadId(ReadOnlySpan<byte> at, bool isLong) => at.Length < (isLong ? 4 : 2) ? null
        : isLong ? BinaryPrimitives.ReadUInt32BigEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    /// <summary>Takes the next box from the bytes.</summary>
    /// <returns>An empty box at the end, and where a length is wrong.</returns>
    private static Box NextBox(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 8) return default;
        long size = BinaryPrimitives.ReadUInt32BigEndian(rest);
        var header = 8;
        if (size == 1 && rest.Length >= 16)
        {
            size = (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(rest[8..]), long.MaxValue);
            header = 16;
        }
        else if (size == 0) size = rest.Length;
        if (size < header || size > rest.Length) return default;
        var type = Encoding.Latin1.GetString(rest.Slice(4, 4));
        var content = rest[header..(int)size];
        rest = rest[(int)size..];
        return new(type, content);
    }

    private readonly ref struct Box(string type, ReadOnlySpan<byte> content)
    {
        public readonly ReadOnlySpan<byte> Content = content;

        public string Type { get; } = type;

        public bool IsEmpty => Type is null;
    }
}
