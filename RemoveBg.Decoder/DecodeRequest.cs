using System.Globalization;

namespace RemoveBg.Decoder;

/// <summary>The arguments of the process, in this order. Its caller has read the file's header.</summary>
/// <param name="Format">heic, avif, tiff or jxl; the file is read as nothing else.</param>
/// <param name="Page">Index of the image in the file.</param>
/// <param name="Width">Width in the header, in pixels; the decoded image may be turned or smaller.</param>
/// <param name="Height">Height in the header, in pixels.</param>
/// <param name="ProcessorSeconds">Limit on processor time.</param>
/// <param name="MemoryBytes">Limit on memory beyond what the process has at its start.</param>
/// <param name="FileBytes">Length of the file.</param>
internal sealed record DecodeRequest(
    string Format, int Page, int Width, int Height, int ProcessorSeconds, long MemoryBytes, int FileBytes)
{
    /// <exception cref="NotSupportedException">They are those of another version.</exception>
    public static DecodeRequest Parse(string[] arguments)
    {
        static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
        return arguments is [var format, var page, var width, var height, var seconds, var memory, var length]
            ? new(format, Number(page), Number(width), Number(height), Number(seconds),
                long.Parse(memory, NumberStyles.None, CultureInfo.InvariantCulture), Number(length))
            : throw new NotSupportedException("RemoveBg.Core starts this program: see SecondDecoder.cs.");
    }
}
