using ImageMagick;
using RemoveBg.Core.Imaging.Codecs.Second;
using RemoveBg.Decoder;

// Reads a file from standard input and writes its pixels to standard output (DecodedImage.Write). The exit code is a
// DecoderExit; a process that is ended by a limit has that of the signal, 128 and more.
try
{
    var request = DecodeRequest.Parse(args);
    using var file = InputFile.Read(Console.OpenStandardInput(), request.FileBytes);
    ProcessLimits.Set(request.ProcessorSeconds, request.MemoryBytes);
    PhotoDecoder.Prepare(request);
    using var image = PhotoDecoder.Run(file.Path, request);
    using var output = Console.OpenStandardOutput();
    image.Write(output);
    return (int)DecoderExit.Decoded;
}
catch (Exception problem) when (problem is DllNotFoundException or BadImageFormatException or NotSupportedException)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return (int)DecoderExit.Unusable;
}
catch (Exception problem) when (problem is MagickException or InvalidDataException or OutOfMemoryException)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return (int)DecoderExit.Corrupt;
}
