using System.Buffers.Binary;
using System.Text;

namespace RemoveBg.Tests.Given;

/// <summary>Writes HEIF files from coded pictures, box by box (ISO/IEC 23008-12), because no package that we may use
/// codes HEVC. The two coded pictures in Given/Heif are ours, made from samples/scene-mug.jpg by heif-enc of libheif
/// 1.15 with x265.</summary>
internal sealed class HeifFile
{
    private readonly List<Item> _items = [];
    private readonly List<(string Kind, int From, int[] To)> _references = [];

    /// <summary>The photo of a mug with 160 x 106 pixels, as one HEVC picture.</summary>
    public static byte[] Mug { get; } = Read("mug.heic");

    /// <summary>The same with 64 x 48 pixels of 10 bits, transparent at the top.</summary>
    public static byte[] WithAlpha { get; } = Read("alpha.heic");

    /// <summary>Number of the item to show.</summary>
    public int Primary { get; set; } = 1;

    /// <summary>Boxes behind the images, like the film of a live photo.</summary>
    public byte[] After { get; init; } = [];

    public string Brand { get; init; } = "heic";

    /// <summary>Adds the coded picture of <see cref="Mug"/>.</summary>
    /// <returns>The item's number.</returns>
    public int AddMug(params byte[][] properties) => Add("hvc1", Payload(Mug), [BoxIn(Mug, "hvcC"), Size(160, 106),
        .. properties]);

    /// <summary>Adds an image of others, row by row.</summary>
    public int AddGrid(int rows, int columns, int width, int height, int[] tiles, params byte[][] properties)
    {
        var grid = Add("grid", [0, 0, (byte)(rows - 1), (byte)(columns - 1), (byte)(width >> 8), (byte)width,
            (byte)(height >> 8), (byte)height], [Size(width, height), .. properties]);
        Refer("dimg", grid, tiles);
        return grid;
    }

    public int Add(string kind, byte[] data, byte[][] properties)
    {
        _items.Add(new(kind, data, properties));
        return _items.Count;
    }

    public void Refer(string kind, int from, params int[] to) => _references.Add((kind, from, to));

    public static byte[] Size(int width, int height) => Box("ispe", [0, 0, 0, 0, .. Int32(width), .. Int32(height)]);

    /// <summary>Turns by quarters, counter-clockwise.</summary>
    public static byte[] Turned(int quarters) => Box("irot", [(byte)quarters]);

    /// <summary>Mirrors top and bottom (0) or left and right (1).</summary>
    public static byte[] Mirrored(int axis) => Box("imir", [(byte)axis]);

    public static byte[] Profile(byte[] icc) => Box("colr", [.. "prof"u8, .. icc]);

    public byte[] ToArray()
    {
        byte[] start = Box("ftyp", [.. Encoding.ASCII.GetBytes(Brand), 0, 0, 0, 0, .. "mif1heicmiaf"u8]);
        // The size of the meta box does not depend on the offsets in it.
        var meta = Meta(0);
        return [.. start, .. Meta(start.Length + meta.Length + 8),
            .. Box("mdat", [.. _items.SelectMany(item => item.Data)]), .. After];
    }

    public static byte[] Box(string kind, byte[] content) =>
        [.. Int32(content.Length + 8), .. Encoding.ASCII.GetBytes(kind), .. content];

    public static byte[] Int16(int value) => [(byte)(value >> 8), (byte)value];

    public static byte[] Int32(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8),
        (byte)value];

    private byte[] Meta(int data)
    {
        var places = new List<byte>();
        for (var i = 0; i < _items.Count; i++)
        {
            places.AddRange([.. Int16(i + 1), 0, 0, 0, 0, 0, 1, .. Int32(data), .. Int32(_items[i].Data.Length)]);
            data += _items[i].Data.Length;
        }
        var properties = _items.SelectMany(item => item.Properties).ToList();
        var next = 1;
        byte[] uses = [.. _items.SelectMany((item, i) => (byte[])
            [.. Int16(i + 1), (byte)item.Properties.Length, .. item.Properties.Select(_ => (byte)next++)])];
        return Box("meta", [0, 0, 0, 0,
            .. Box("hdlr", [0, 0, 0, 0, 0, 0, 0, 0, .. "pict"u8, .. new byte[13]]),
            .. Box("pitm", [0, 0, 0, 0, .. Int16(Primary)]),
            .. Box("iloc", [1, 0, 0, 0, 0x44, 0, .. Int16(_items.Count), .. places]),
            .. Box("iinf", [0, 0, 0, 0, .. Int16(_items.Count), .. _items.SelectMany((item, i) =>
                Box("infe", [2, 0, 0, 0, .. Int16(i + 1), 0, 0, .. Encoding.ASCII.GetBytes(item.Kind), 0]))]),
            .. _references.Count == 0 ? [] : Box("iref", [0, 0, 0, 0, .. _references.SelectMany(reference =>
                Box(reference.Kind, [.. Int16(reference.From), .. Int16(reference.To.Length),
                    .. reference.To.SelectMany(Int16)]))]),
            .. Box("iprp", [.. Box("ipco", [.. properties.SelectMany(box => box)]),
                .. Box("ipma", [0, 0, 0, 0, .. Int32(_items.Count), .. uses])])]);
    }

    private static byte[] BoxIn(byte[] file, string kind)
    {
        var at = file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(kind)) - 4;
        return file[at..(at + BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at)))];
    }

    private static byte[] Payload(byte[] file) => BoxIn(file, "mdat")[8..];

    private static byte[] Read(string name) =>
        File.ReadAllBytes(Path.Combine(Repo.Root, "RemoveBg.Tests", "Given", "Heif", name));

    private sealed record Item(string Kind, byte[] Data, byte[][] Properties);
}
