using System.Diagnostics;

namespace RemoveBg.Tests.Given;

/// <summary>RemoveBg.Decoder with arguments that the service would not give it.</summary>
internal static class DecoderProcess
{
    /// <summary>Exit codes, of sysexits(3).</summary>
    public const int Corrupt = 65, Unusable = 69;

    /// <summary>The folder of policy.xml.</summary>
    public static string Policy { get; } = Path.Combine(AppContext.BaseDirectory, "magick");

    public static async Task<(int Code, byte[] Output)> RunAsync(string policy, byte[] file, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "RemoveBg.Decoder.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MAGICK_CONFIGURE_PATH"] = policy;
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(file);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended before it read the file.
        }
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        return (process.ExitCode, output.ToArray());
    }
}
