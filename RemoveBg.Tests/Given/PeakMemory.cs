using System.Globalization;

namespace RemoveBg.Tests.Given;

/// <summary>Measures the peak growth of resident memory while something runs (Linux: VmHWM,
/// reset by clear_refs, proc(5)).</summary>
internal static class PeakMemory
{
    public static long BytesDuring(Action act)
    {
        Assume.That(OperatingSystem.IsLinux(), "peak memory is read from /proc");
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = Status("VmRSS");
        act();
        return Status("VmHWM") - before;
    }

    private static long Status(string name) =>
        long.Parse(File.ReadLines("/proc/self/status").Single(line => line.StartsWith(name, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
}
