using System.Diagnostics;
using System.Runtime.InteropServices;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Imaging.Codecs.Second;
using Spectre.Console;

namespace RemoveBg.Bench.Speed;

/// <summary>Time and memory of decoding one file.</summary>
/// <param name="file">Any image file that the service decodes.</param>
/// <param name="runs">Number of decodes; the median counts.</param>
internal sealed partial class DecodeBench(string file, int runs)
{
    private const int Children = -1;

    /// <summary>Prints pixels and milliseconds, and of the second decoder's process: processor time, peak memory, and
    /// the limit that is booked for it.</summary>
    public int Run(string? json)
    {
        var bytes = File.ReadAllBytes(file);
        var times = new List<double>();
        var pixels = 0L;
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var photo = Decode.Run(bytes, new ImageOptions()).Photo;
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            pixels = photo.PixelCount;
        }
        var milliseconds = Bench.Median(times);
        var (seconds, megabytes) = OfChildren();
        var booked = SecondFormat.Of(bytes) is { } format
            ? $"{SecondFormat.BaseMB + format.BytesPerPixel * pixels / 1e6:0}" : "";
        Bench.Show(new Table().AddColumns("file", "MP", "ms", "processor ms", "peak MB", "limit MB").AddRow(
            Path.GetFileName(file), $"{pixels / 1e6:0.0}", $"{milliseconds:0}", $"{seconds * 1000 / runs:0}",
            $"{megabytes:0}", booked));
        Bench.Write(json, new { file = Path.GetFileName(file), pixels, milliseconds, seconds, megabytes });
        return 0;
    }

    /// <summary>Processor time and largest resident memory of the processes that this one has started
    /// (getrusage(2)).</summary>
    private static (double Seconds, double MB) OfChildren()
    {
        if (!OperatingSystem.IsLinux()) return (double.NaN, double.NaN);
        Span<long> usage = stackalloc long[18];
        _ = GetUsage(Children, ref MemoryMarshal.GetReference(usage));
        // ru_utime and ru_stime in seconds and microseconds, ru_maxrss in kilobytes.
        return (usage[0] + usage[2] + (usage[1] + usage[3]) / 1e6, usage[4] * 1024 / 1e6);
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int scope, ref long usage);
}
