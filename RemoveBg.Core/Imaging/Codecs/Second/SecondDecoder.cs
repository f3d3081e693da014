using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Core.Imaging.Codecs.Second;

/// <summary>Decodes HEIC, AVIF, TIFF and JPEG XL in a process of its own: RemoveBg.Decoder, which lies beside this
/// assembly. A fault of these large libraries ends that process, and neither the service nor other
/// artworks.</summary>
/// <remarks>The process gets the file and what is to be done with it; no setting, secret or connection. It is limited
/// in processor time and, on Linux, in memory to what was booked.</remarks>
internal static class SecondDecoder
{
    private const string Program = "RemoveBg.Decoder.dll";

    /// <summary>128 and the numbers of the signals of a crash: SIGILL, SIGABRT (also where memory ran out), SIGBUS,
    /// SIGFPE, SIGSEGV.</summary>
    private static readonly int[] s_crashes = [132, 134, 135, 136, 139];

    /// <summary>128 and the number of SIGXCPU.</summary>
    private const int OutOfTime = 152;

    /// <summary>Variables that the process inherits, if it runs on Windows or finds libraries by them. The others hold
    /// secrets.</summary>
    private static readonly string[] s_inherited = ["SystemRoot", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH"];

    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, Program);

    /// <summary>The dotnet that runs this process. A program that brings its own runtime has none.</summary>
    private static readonly string s_dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(),
        "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    private static bool s_isUsable = File.Exists(s_program) && File.Exists(s_dotnet);

    /// <summary>Whether the build has the decoder, it works on this machine, and the settings leave it on.</summary>
    public static bool IsOn(ImageOptions options) => options.SecondDecoder && Volatile.Read(ref s_isUsable);

    /// <summary>Decodes a file.</summary>
    /// <param name="header">The file's header, with a size within the limits.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    /// <exception cref="ArtworkFailedException">image_corrupt; internal_error if the process was
    /// killed.</exception>
    public static (Photo Photo, ExifOrientation Orientation) Run(ReadOnlyMemory<byte> file, ImageHeader header,
        ImageOptions limits, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = Start(file.Length, header, limits);
        using var stop = cancellationToken.Register(() => process.Kill());
        // 1. Give it the file. It may end before it has read it.
        var giving = Task.Run(() => Give(file, process.StandardInput.BaseStream), CancellationToken.None);
        Photo? photo = null;
        try
        {
            // 2. Take the pixels.
            var orientation = ExifOrientation.Upright;
            var isComplete = false;
            Span<byte> said = stackalloc byte[16];
            var output = process.StandardOutput.BaseStream;
            if (output.ReadAtLeast(said, said.Length, throwOnEndOfStream: false) == said.Length)
            {
                var (width, height) = (BinaryPrimitives.ReadInt32LittleEndian(said),
                    BinaryPrimitives.ReadInt32LittleEndian(said[4..]));
                // What it says counts as little as what a caller says.
                if (width < 1 || height < 1 || (long)width * height > header.Width * header.Height) throw Corrupt();
                orientation = (ExifOrientation)Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(said[8..]), 1, 8);
                photo = new(width, height, isOpaque: BinaryPrimitives.ReadInt32LittleEndian(said[12..]) == 0);
                isComplete = Take(output, photo);
            }
            process.WaitForExit();

            // 3. Judge how it ended.
            cancellationToken.ThrowIfCancellationRequested();
            if (process.ExitCode != (int)DecoderExit.Decoded || !isComplete) throw Failure(process.ExitCode, limits);
            return (photo!, orientation);
        }
        catch
        {
            photo?.Dispose();
            throw;
        }
        finally
        {
            // Whatever happened, no process is left, and no task reads the file.
            if (!process.HasExited) process.Kill();
            giving.GetAwaiter().GetResult();
        }
    }

    internal static System.Diagnostics.Process Start(int fileBytes, ImageHeader header, ImageOptions limits)
    {
        var memory = SecondFormat.BaseMB * 1_000_000L + header.Format.BytesPerPixel * header.Width * header.Height;
        var start = new ProcessStartInfo(s_dotnet)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (IEnumerable<object>)[s_program, header.Format.Name, header.Page, header.Width,
            header.Height, (int)Math.Ceiling(limits.SecondDecoderTime.TotalSeconds), memory, fileBytes])
            start.ArgumentList.Add(Convert.ToString(argument, CultureInfo.InvariantCulture)!);

        start.Environment.Clear();
        foreach (var name in s_inherited)
            if (Environment.GetEnvironmentVariable(name) is { } value) start.Environment[name] = value;
        foreach (var (name, value) in new[]
        {
            ("MAGICK_CONFIGURE_PATH", Path.Combine(AppContext.BaseDirectory, "magick")),
            ("DOTNET_EnableDiagnostics", "0"), ("DOTNET_TieredPGO", "0"), ("DOTNET_gcConcurrent", "0"),
            ("DOTNET_GCHeapHardLimit", "0x8000000"),
            // It would need a file in memory, and the process may make none.
            ("DOTNET_EnableWriteXorExecute", "0"),
        }) start.Environment[name] = value;

        var process = System.Diagnostics.Process.Start(start)!;
        // What it and its libraries say may quote the file.
        process.BeginErrorReadLine();
        return process;
    }

    private static void Give(ReadOnlyMemory<byte> file, Stream to)
    {
        try
        {
            using (to) to.Write(file.Span);
        }
        catch (IOException)
        {
            // It has ended; its exit code says why.
        }
    }

    private static unsafe bool Take(Stream from, Photo photo)
    {
        var bytes = photo.PixelCount * 4;
        for (long at = 0; at < bytes;)
        {
            var count = from.Read(new Span<byte>((byte*)photo.Pixels + at, (int)Math.Min(1 << 20, bytes - at)));
            if (count == 0) return false;
            at += count;
        }
        return true;
    }

    private static ArtworkFailedException Failure(int exitCode, ImageOptions limits)
    {
        if (exitCode == (int)DecoderExit.Unusable)
        {
            Volatile.Write(ref s_isUsable, false);
            return new(ArtworkFailure.UnsupportedFormat, "This installation does not decode HEIC, AVIF, TIFF and "
                + $"JPEG XL images. Use {FileFormat.Supported(limits)}.");
        }
        if (exitCode == OutOfTime)
            return new(ArtworkFailure.ImageCorrupt,
                $"The image takes more than {limits.SecondDecoderTime.TotalSeconds:0.#} s to decode.");
        // Anything else is not the file's fault: the system has killed the process, or could not start it.
        return exitCode is (int)DecoderExit.Decoded or (int)DecoderExit.Corrupt || s_crashes.Contains(exitCode)
            ? Corrupt() : new(ArtworkFailure.InternalError, "The image could not be decoded.", isTransient: true);
    }

    private static ArtworkFailedException Corrupt() =>
        new(ArtworkFailure.ImageCorrupt, "The image is damaged or incomplete.");
}
