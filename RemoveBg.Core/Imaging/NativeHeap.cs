using System.Runtime.InteropServices;

namespace RemoveBg.Core.Imaging;

/// <summary>Makes glibc return freed memory to the system instead of keeping it, because the network needs it. Does
/// nothing without glibc.</summary>
internal static partial class NativeHeap
{
    /// <summary>M_MMAP_THRESHOLD of mallopt(3).</summary>
    private const int MapThreshold = -3;

    private const int Megabyte = 1 << 20;

    /// <summary>Makes the process return freed blocks of a megabyte or more at once, which a job has many of. By
    /// default, glibc raises the threshold to up to 32 MB as such blocks are freed.</summary>
    public static void ReturnLargeBlocks() => Call(() => SetOption(MapThreshold, Megabyte));

    /// <summary>Returns the free pages of all arenas: 10 MB after a job, in half a millisecond.</summary>
    public static void ReturnFreePages() => Call(() => Trim(0));

    private static void Call(Func<int> function)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = function();
        }
        catch (EntryPointNotFoundException)
        {
            // musl maps large blocks anyway and keeps no free pages.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
