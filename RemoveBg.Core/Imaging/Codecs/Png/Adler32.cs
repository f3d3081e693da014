namespace RemoveBg.Core.Imaging.Codecs.Png;

/// <summary>Checksum of a zlib stream (RFC 1950, section 8.2): the sum of its bytes, starting at 1, and the sum of
/// those sums.</summary>
internal readonly record struct Adler32(uint Value)
{
    private const uint Modulus = 65521;

    public static Adler32 Initial { get; } = new(1);

    /// <summary>Returns the checksum of this data followed by <paramref name="other"/>'s.</summary>
    /// <param name="length">Length of the appended data, in bytes.</param>
    public Adler32 Append(Adler32 other, long length)
    {
        uint sum = Value & 0xFFFF, otherSum = other.Value & 0xFFFF;
        // Each of the other's sums started at 1 instead of at our sum.
        var both = (sum + otherSum + Modulus - 1) % Modulus;
        var sums = ((Value >> 16) + (other.Value >> 16) + (ulong)(length % Modulus) * (sum + Modulus - 1)) % Modulus;
        return new((uint)sums << 16 | both);
    }
}
