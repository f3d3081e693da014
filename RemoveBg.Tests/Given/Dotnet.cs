using System.Diagnostics;

namespace RemoveBg.Tests.Given;

/// <summary>The .NET SDK's command.</summary>
internal static class Dotnet
{
    /// <summary>Arguments of a build after which no build server outlives the tests.</summary>
    public static string[] NoServer { get; } = ["-nodeReuse:false", "-p:UseSharedCompilation=false"];

    /// <returns>Exit code, and all that was written.</returns>
    public static async Task<(int Code, string Output)> RunAsync(string folder,
        Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
