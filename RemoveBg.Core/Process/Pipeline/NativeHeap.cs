using System.Runtime.InteropServices;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>glibc's heap keeps freed blocks of up to 32 MB for later once it has seen some of that size. A job's blocks are such, and
/// the next one's network needs the memory: blocks of a megabyte and more shall go back at once.</summary>
internal static partial class NativeHeap
{
    /// <summary>M_MMAP_THRESHOLD of mallopt(3).</summary>
    private const int MapFrom = -3;

    private const int Megabyte = 1 << 20;

    /// <summary>For the whole process; does nothing where there is no glibc.</summary>
    public static void GiveLargeBlocksBack()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetOption(MapFrom, Megabyte);
        }
        catch (EntryPointNotFoundException)
        {
            // musl: maps large blocks anyway.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
