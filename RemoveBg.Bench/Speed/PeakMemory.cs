using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Bench.Speed;

/// <summary>Measures the peak resident memory of a process that only cuts out one photo, three times.</summary>
internal static class PeakMemory
{
    private const int Times = 3;

    /// <summary>Starts the process and reads its peak.</summary>
    /// <returns>Peak in megabytes; null unless the system is Linux (read from /proc).</returns>
    public static double? InChild(string model, string photo, OutputFormat format)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(PeakMemory).Assembly.Location);
        foreach (var argument in new[] { "speed", "--model", model, "--peak-of", photo, "--peak-format",
            format.Word() }) start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return double.TryParse(output, CultureInfo.InvariantCulture, out var megabytes)
            ? megabytes : throw new InvalidOperationException(
                $"The child process that measures memory exited with code {child.ExitCode}.");
    }

    /// <summary>Runs in the child process: cuts out the photo and prints the peak.</summary>
    public static int Print(string model, string photo, OutputFormat format)
    {
        using var segmenter = Bench.Load(model);
        using var tensors = segmenter.CreateTensors();
        var pipeline = new CutOutPipeline(Options.Create(new ImageOptions()));
        var file = File.ReadAllBytes(photo);
        for (var i = 0; i < Times; i++)
        {
            using var target = new MemoryStream();
            pipeline.Run(new(file, format, segmenter, tensors, target), CancellationToken.None);
        }
        var peak =
            File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        var kilobytes = double.Parse(peak.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
        Console.WriteLine((kilobytes * 1024 / 1e6).ToString("0.0", CultureInfo.InvariantCulture));
        return 0;
    }
}
