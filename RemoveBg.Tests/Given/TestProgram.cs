using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace RemoveBg.Tests.Given;

/// <summary>This assembly as a program, for tests that need a process of their own: a fault of a native
/// library may end it, or its ImageMagick has the decoder's policy.</summary>
internal static class TestProgram
{
    public static int Main(string[] arguments) => arguments switch
    {
        ["fuzz", var format, var folder, var seed, var from, var to] => DecoderFuzzer.Run(format, folder, Number(seed),
            Number(from), Number(to)),
        ["read", .. var files] => PolicyProbe.Run(files),
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

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
