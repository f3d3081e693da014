using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace RemoveBg.Decoder;

/// <summary>Limits of this process (setrlimit(2)). Those on memory hold on Linux alone, none on Windows.</summary>
internal static partial class ProcessLimits
{
    private const int ProcessorTime = 0, FileSize = 1, Data = 2, Core = 4;

    /// <summary>Limits processor time and memory, and forbids files. A process over its time is killed
    /// (SIGXCPU); an allocation over the memory fails.</summary>
    /// <param name="memoryBytes">Memory beyond what the process has now.</param>
    /// <param name="fileBytes">Largest file that it may still write.</param>
    public static void Set(int processorSeconds, long memoryBytes, long fileBytes = 0)
    {
        if (OperatingSystem.IsWindows()) return;
        // At the soft limit SIGXCPU, which tells why; at the hard one SIGKILL.
        Limit(ProcessorTime, (ulong)processorSeconds, (ulong)processorSeconds + 5);
        Limit(FileSize, (ulong)fileBytes);
        Limit(Core, 0);
        if (!OperatingSystem.IsLinux()) return;
        Limit(Data, (ulong)(Status("VmData") + memoryBytes));
        // Should the machine run out of memory, this process goes first (proc(5)).
        File.WriteAllText("/proc/self/oom_score_adj", "1000");
    }

    /// <summary>Returns a size in bytes from proc(5).</summary>
    public static long Status(string name)
    {
        var line = File.ReadLines("/proc/self/status")
            .First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..^2].Trim(), NumberStyles.None, CultureInfo.InvariantCulture) * 1024;
    }

    private static void Limit(int resource, ulong soft, ulong? hard = null)
    {
        var limit = new ResourceLimit(soft, hard ?? soft);
        if (SetLimit(resource, in limit) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct ResourceLimit(ulong Soft, ulong Hard);
}
