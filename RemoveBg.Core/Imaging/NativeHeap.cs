using System.Runtime.InteropServices;

namespace RemoveBg.Core.Imaging;

/// <summary>glibc's heap keeps what is freed for later. The network needs that memory: it shall go back to the system.
/// Does nothing where there is no glibc.</summary>
internal static partial class NativeHeap
{
    /// <summary>M_MMAP_THRESHOLD of mallopt(3).</summary>
    private const int MapFrom = -3;

    private const int Megabyte = 1 << 20;

    /// <summary>For the whole process: freed blocks of a megabyte and more, as a job has them, go back at once. Left
    /// alone, the heap keeps those of up to 32 MB once it has seen some.</summary>
    public static void GiveLargeBlocksBack() => Call(() => SetOption(MapFrom, Megabyte));

    /// <summary>The free pages of all its arenas go back: 10 MB after a job, in half a millisecond.</summary>
    public static void GiveFreePagesBack() => Call(() => Trim(0));

    private static void Call(Func<int> function)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = function();
        }
        catch (EntryPointNotFoundException)
        {
            // musl: maps large blocks anyway, and keeps no free pages.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
