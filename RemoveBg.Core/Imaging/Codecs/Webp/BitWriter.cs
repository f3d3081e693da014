using System.Buffers;
using System.Buffers.Binary;

namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>Writes bits, least significant first (RFC 9649, section 3.4).</summary>
internal sealed class BitWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 16);
    private ulong _pending;
    private int _count;

    /// <param name="bits">Bits to write, in the lowest <paramref name="count"/> bits; the others must be 0.</param>
    /// <param name="count">Number of bits, at most 32.</param>
    public void Write(uint bits, int count)
    {
        _pending |= (ulong)bits << _count;
        _count += count;
        if (_count < 32) return;
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), (uint)_pending);
        _bytes.Advance(4);
        _pending >>= 32;
        _count -= 32;
    }

    /// <returns>All bytes, the last one padded with zero bits.</returns>
    public ReadOnlySpan<byte> Finish()
    {
        for (; _count > 0; _count -= 8, _pending >>= 8)
        {
            _bytes.GetSpan(1)[0] = (byte)_pending;
            _bytes.Advance(1);
        }
        (_count, _pending) = (0, 0);
        return _bytes.WrittenSpan;
    }
}
