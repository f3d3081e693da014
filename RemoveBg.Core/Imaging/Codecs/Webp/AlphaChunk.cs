using System.Numerics;
using System.Runtime.InteropServices;

namespace RemoveBg.Core.Imaging.Codecs.Webp;

/// <summary>
/// Encodes the lossless alpha plane of a WebP file (RFC 9649, sections 2.7.1.2 and 3): the residuals of a prediction
/// filter, as literals and runs of zeros under one prefix code.
/// </summary>
/// <remarks>
/// A matte is flat except at its edges, so this simple code makes files at most 5 % larger than libwebp alone, in a
/// third of the time at 12 megapixels (<c>./bench encode</c>; docs/measurements.md).
/// </remarks>
internal static class AlphaChunk
{
    /// <summary>Compression method 1: lossless WebP.</summary>
    private const int Lossless = 1;

    /// <summary>Filtering methods. Gradient suits smooth mattes, but it leaves twice as much variance of noise as
    /// horizontal does.</summary>
    internal const int Horizontal = 1, Gradient = 3;

    /// <summary>Distance between the rows from which the filter is chosen.</summary>
    private const int SampleStep = 16;

    private const int Literals = 256, LengthCodes = 24, LongestRun = 4096, ShortestRun = 4;

    /// <summary>Prefix code for a copy from the pixel on the left, which is distance code 2.</summary>
    private const int FromTheLeft = 1;

    /// <summary>Encodes the alpha of an image.</summary>
    /// <returns>The chunk's content.</returns>
    public static unsafe byte[] Of(Photo photo)
    {
        var count = (nuint)photo.PixelCount;
        var residuals = (byte*)NativeMemory.Alloc(count);
        try
        {
            var method = ChooseFilter(photo);
            Filter(photo, residuals, method);
            return Compress(residuals, (long)count, method);
        }
        finally
        {
            NativeMemory.Free(residuals);
        }
    }

    /// <summary>Chooses the filter whose residuals have less entropy in a sample of rows.</summary>
    /// <returns><see cref="Horizontal"/> or <see cref="Gradient"/>.</returns>
    internal static int ChooseFilter(Photo photo)
    {
        Span<long> horizontal = stackalloc long[Literals], gradient = stackalloc long[Literals];
        horizontal.Clear();
        gradient.Clear();
        var residuals = new byte[photo.Width];
        for (var y = 1; y < photo.Height; y += SampleStep)
        {
            FilterRow(photo, y, residuals, Horizontal);
            foreach (var residual in residuals) horizontal[residual]++;
            FilterRow(photo, y, residuals, Gradient);
            foreach (var residual in residuals) gradient[residual]++;
        }
        return Entropy(horizontal) < Entropy(gradient) ? Horizontal : Gradient;
    }

    /// <returns>The Shannon entropy of all symbols together, in bits.</returns>
    private static double Entropy(ReadOnlySpan<long> counts)
    {
        var (total, bits) = (0L, 0.0);
        foreach (var count in counts)
        {
            if (count == 0) continue;
            total += count;
            bits -= count * Math.Log2(count);
        }
        return total == 0 ? 0 : bits + total * Math.Log2(total);
    }

    private static unsafe void Filter(Photo photo, byte* residuals, int method) => Parallel.For(0, photo.Height, y =>
        FilterRow(photo, y, new(residuals + (long)y * photo.Width, photo.Width), method));

    /// <summary>Subtracts the prediction from each pixel of a row. The first row is predicted from the left, the first
    /// column from above.</summary>
    private static void FilterRow(Photo photo, int y, Span<byte> to, int method)
    {
        var row = photo.Row(y);
        var above = y == 0 ? default : photo.Row(y - 1);
        to[0] = (byte)(Alpha(row[0]) - (y == 0 ? 0 : Alpha(above[0])));
        if (y == 0 || method == Horizontal)
        {
            for (var x = 1; x < to.Length; x++) to[x] = (byte)(Alpha(row[x]) - Alpha(row[x - 1]));
            return;
        }
        for (var x = 1; x < to.Length; x++)
        {
            var prediction = Alpha(row[x - 1]) + Alpha(above[x]) - Alpha(above[x - 1]);
            to[x] = (byte)(Alpha(row[x]) - Math.Clamp(prediction, 0, 255));
        }
    }

    private static int Alpha(uint pixel) => (int)(pixel >> 24);

    private static unsafe byte[] Compress(byte* residuals, long count, int method)
    {
        // 1. Count the symbols.
        var counts = new long[Literals + LengthCodes];
        Symbols(residuals, count, (symbol, _, _) => counts[symbol]++);
        var code = new PrefixCode(counts);

        // 2. Write the header: no transforms, no colour cache, one group of five codes. Only green (the alpha and the
        // lengths of runs) varies.
        var bits = new BitWriter();
        bits.Write((uint)(method << 2 | Lossless), 8);
        bits.Write(0, 3);
        code.WriteTo(bits);
        for (var constant = 0; constant < 3; constant++) PrefixCode.WriteSingle(bits, 0);
        PrefixCode.WriteSingle(bits, FromTheLeft);

        // 3. Write the pixels.
        Symbols(residuals, count, (symbol, extra, extraBits) =>
        {
            code.Write(bits, symbol);
            bits.Write(extra, extraBits);
        });
        return bits.Finish().ToArray();
    }

    /// <summary>Splits the residuals into symbols.</summary>
    /// <param name="symbol">Receives each symbol, and the extra bits after its code with their number.</param>
    private static unsafe void Symbols(byte* residuals, long count, Action<int, uint, int> symbol)
    {
        for (long at = 0; at < count;)
        {
            symbol(residuals[at++], 0, 0);
            if (residuals[at - 1] != 0) continue;
            while (true)
            {
                var run = CountZeros(residuals + at, (int)Math.Min(LongestRun, count - at));
                if (run < ShortestRun) break;
                var (prefix, extraBits) = Prefix(run);
                symbol(Literals + prefix, (uint)(run - 1) & ((1u << extraBits) - 1), extraBits);
                at += run;
            }
        }
    }

    private static unsafe int CountZeros(byte* from, int most)
    {
        var first = new ReadOnlySpan<byte>(from, most).IndexOfAnyExcept((byte)0);
        return first < 0 ? most : first;
    }

    /// <summary>Returns the prefix code of a length and its number of extra bits (RFC 9649, section 3.6.2.2).</summary>
    private static (int Prefix, int ExtraBits) Prefix(int length)
    {
        var value = length - 1;
        if (value < 4) return (value, 0);
        var highest = BitOperations.Log2((uint)value);
        return (2 * highest + (value >> (highest - 1) & 1), highest - 1);
    }
}
