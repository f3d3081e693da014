using System.Buffers;
using System.Buffers.Binary;

namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>Bits, the least significant first (RFC 9649, section 3.4).</summary>
internal sealed class BitWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 16);
    private ulong _waiting;
    private int _count;

    /// <param name="bits">The lowest <paramref name="count"/> of them count; the others are 0.</param>
    /// <param name="count">At most 32.</param>
    public void Write(uint bits, int count)
    {
        _waiting |= (ulong)bits << _count;
        _count += count;
        if (_count < 32) return;
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), (uint)_waiting);
        _bytes.Advance(4);
        _waiting >>= 32;
        _count -= 32;
    }

    /// <returns>All bytes; the last is filled up with zero bits.</returns>
    public ReadOnlySpan<byte> Finish()
    {
        for (; _count > 0; _count -= 8, _waiting >>= 8)
        {
            _bytes.GetSpan(1)[0] = (byte)_waiting;
            _bytes.Advance(1);
        }
        (_count, _waiting) = (0, 0);
        return _bytes.WrittenSpan;
    }
}
