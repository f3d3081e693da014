using System.Buffers.Binary;

namespace RemoveBg.SelfHost.Cli.Cut.Metadata;

/// <summary>The EXIF fields that a result keeps: a TIFF structure is read, and a new one is written with these fields
/// alone (TIFF 6.0, section 2; EXIF 2.32, section 4.6).</summary>
/// <remarks>Left out on purpose: the place, serial numbers, the maker's notes, the preview, and the orientation, which
/// the pixels of the result have already.</remarks>
internal static class ExifBlock
{
    /// <summary>Description, make, model, time of change, author and copyright.</summary>
    private static readonly HashSet<ushort> MainTags = [0x010E, 0x010F, 0x0110, 0x0132, 0x013B, 0x8298];

    /// <summary>Exposure, aperture, ISO, the times with their zones, focal lengths and the lens.</summary>
    private static readonly HashSet<ushort> DetailTags =
        [0x829A, 0x829D, 0x8827, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x920A, 0xA405, 0xA433, 0xA434];

    private const ushort DetailsTag = 0x8769, Long = 4;

    /// <summary>Longest value of a field, in bytes; longer ones are left out.</summary>
    private const int LongestValue = 4096;

    private const int HeaderBytes = 8, EntryBytes = 12;

    private sealed record Field(ushort Tag, ushort Type, uint Count, byte[] Value);

    /// <returns>A TIFF structure in little-endian order; empty if the given one has none of the fields, or is
    /// malformed.</returns>
    public static byte[] Copy(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < HeaderBytes) return [];
        var little = tiff.StartsWith("II*\0"u8);
        if (!little && !tiff.StartsWith("MM\0*"u8)) return [];
        var first = Number32(tiff[4..], little);
        var (main, details) = (Read(tiff, first, MainTags, little), new List<Field>());
        if (Read(tiff, first, [DetailsTag], little) is [{ Type: Long } pointer])
            details = Read(tiff, BinaryPrimitives.ReadUInt32LittleEndian(pointer.Value), DetailTags, little);
        return main.Count + details.Count == 0 ? [] : Write(main, details);
    }

    private static List<Field> Read(ReadOnlySpan<byte> tiff, uint at, HashSet<ushort> tags, bool little)
    {
        var fields = new List<Field>();
        if (at > tiff.Length - 2) return fields;
        var count = Number16(tiff[(int)at..], little);
        var entries = tiff[((int)at + 2)..];
        for (; count > 0 && entries.Length >= EntryBytes; count--, entries = entries[EntryBytes..])
        {
            var (tag, type, length) =
                (Number16(entries, little), Number16(entries[2..], little), Number32(entries[4..], little));
            var bytes = (long)length * UnitOf(type);
            if (!tags.Contains(tag) || bytes is 0 or > LongestValue) continue;
            // Many entries may have the same long value: of each tag, the first one counts.
            if (fields.Exists(field => field.Tag == tag)) continue;
            var from = bytes <= 4 ? entries[8..] : tiff[(int)Math.Min(Number32(entries[8..], little), tiff.Length)..];
            if (from.Length < bytes) continue;
            fields.Add(new(tag, type, length, LittleEndian(from[..(int)bytes], type, little)));
        }
        return fields;
    }

    private static byte[] Write(List<Field> main, List<Field> details)
    {
        var mainAt = HeaderBytes;
        var detailsAt = mainAt + SizeOf(main.Count + (details.Count > 0 ? 1 : 0));
        var valuesAt = detailsAt + (details.Count > 0 ? SizeOf(details.Count) : 0);
        using var values = new MemoryStream();
        using var block = new MemoryStream();
        block.Write("II*\0"u8);
        Put32(block, (uint)mainAt);
        if (details.Count > 0)
        {
            var pointer = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(pointer, detailsAt);
            main.Add(new(DetailsTag, Long, 1, pointer));
        }
        foreach (var directory in details.Count > 0 ? [main, details] : new[] { main })
        {
            Put16(block, (ushort)directory.Count);
            foreach (var field in directory.OrderBy(field => field.Tag))
            {
                Put16(block, field.Tag);
                Put16(block, field.Type);
                Put32(block, field.Count);
                if (field.Value.Length <= 4) block.Write([.. field.Value, .. new byte[4 - field.Value.Length]]);
                else
                {
                    Put32(block, (uint)(valuesAt + values.Length));
                    values.Write([.. field.Value, .. new byte[field.Value.Length & 1]]);
                }
            }
            Put32(block, 0);
        }
        values.WriteTo(block);
        return block.ToArray();
    }

    private static int SizeOf(int fields) => 2 + fields * EntryBytes + 4;

    /// <returns>Bytes of one value; 0 for a type that is not copied.</returns>
    private static int UnitOf(ushort type) =>
        type switch { 1 or 2 or 7 => 1, 3 => 2, 4 or 9 => 4, 5 or 10 => 8, _ => 0 };

    private static byte[] LittleEndian(ReadOnlySpan<byte> value, ushort type, bool little)
    {
        var copy = value.ToArray();
        var part = Math.Min(4, UnitOf(type));
        for (var at = 0; !little && at < copy.Length; at += part) copy.AsSpan(at, part).Reverse();
        return copy;
    }

    private static ushort Number16(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    private static uint Number32(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);

    private static void Put16(Stream to, ushort number)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, number);
        to.Write(bytes);
    }

    private static void Put32(Stream to, uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        to.Write(bytes);
    }
}
