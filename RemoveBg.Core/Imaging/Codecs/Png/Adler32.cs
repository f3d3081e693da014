namespace RemoveBg.Core.Imaging.Codecs.Png;

/// <summary>The checksum of a zlib stream (RFC 1950, section 8.2): the sum of its bytes, from 1
/// on, and the sum of these sums.</summary>
internal readonly record struct Adler32(uint Value)
{
    private const uint Modulus = 65521;

    public static Adler32 Initial { get; } = new(1);

    /// <summary>Of what this is of, and then of something else.</summary>
    /// <param name="length">Bytes that the other is of.</param>
    public Adler32 Append(Adler32 other, long length)
    {
        uint sum = Value & 0xFFFF, otherSum = other.Value & 0xFFFF;
        // Each of the other's sums began with 1 instead of ours.
        var both = (sum + otherSum + Modulus - 1) % Modulus;
        var sums = ((Value >> 16) + (other.Value >> 16) + (ulong)(length % Modulus) * (sum + Modulus - 1)) % Modulus;
        return new((uint)sums << 16 | both);
    }
}
