using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;

namespace RemoveBg.Tests.Given;

/// <summary>This assembly as a program, for tests that need a process of their own: a fault of a native
/// library may end it, its ImageMagick has the decoder's policy, or its memory is measured from a fresh
/// heap.</summary>
internal static class TestProgram
{
    public static int Main(string[] arguments) => arguments switch
    {
        ["fuzz", var format, var folder, var seed, var from, var to] => DecoderFuzzer.Run(format, folder, Number(seed),
            Number(from), Number(to)),
        ["read", .. var files] => PolicyProbe.Run(files),
        ["peak", var file] => Peak(file),
        _ => throw new ArgumentException("The tests start this program."),
    };

    /// <summary>Starts this assembly with the decoder's policy and nothing else in its environment.</summary>
    public static Process Start(params string[] arguments)
    {
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..",
            "dotnet"));
        var start = new ProcessStartInfo(dotnet, [typeof(TestProgram).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["MAGICK_CONFIGURE_PATH"] = Path.Combine(AppContext.BaseDirectory, "magick");
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        // What native libraries print would fill the pipe.
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Prints the bytes by which decoding a file raises resident memory.</summary>
    private static int Peak(string file)
    {
        var limits = new ImageOptions();
        // Whatever the first photo loads is not the measured one's.
        Decode.Run(File.ReadAllBytes(Repo.Sample("scene-mug.jpg")), limits).Photo.Dispose();
        var bytes = File.ReadAllBytes(file);
        Console.WriteLine(PeakMemory.BytesDuring(() => Decode.Run(bytes, limits).Photo.Dispose()));
        return 0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
