namespace RemoveBg.SelfHost.Cli.Cut.Write;

/// <summary>Tells, before any work, whether results can be written.</summary>
internal static class ResultFile
{
    /// <summary>Folders of devices and of the kernel. /dev/shm is a file system like others.</summary>
    private static readonly string[] Special = ["/dev/", "/proc/", "/sys/"];

    private const string SharedMemory = "/dev/shm/";

    /// <summary>Makes sure that results can be written into a folder.</summary>
    /// <param name="folder">The folder; empty for the current one.</param>
    /// <param name="create">Whether to create it.</param>
    /// <returns>The problem; null without one.</returns>
    public static string? ProblemWith(string folder, bool create)
    {
        if (folder.Length == 0) folder = ".";
        try
        {
            if (File.Exists(folder)) return $"{folder} is a file, not a folder.";
            if (!create && !Directory.Exists(folder))
                return $"the folder {folder} does not exist: create it first.";
            WholeFile.Prepare(folder);
            return null;
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            return $"the folder {folder} cannot be written: {FileProblem.Reason(problem, "")}.";
        }
    }

    /// <summary>Whether an existing file may be replaced: a device or a pipe is no place for a result.</summary>
    public static bool IsReplaceable(string path)
    {
        if (OperatingSystem.IsWindows()) return true;
        var real = RealPath.Of(path);
        if (Special.Any(folder => real.StartsWith(folder, StringComparison.Ordinal))
            && !real.StartsWith(SharedMemory, StringComparison.Ordinal)) return false;
        try
        {
            // For reading alone, the opening of a pipe would wait for a writer.
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite,
                FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return file.CanSeek;
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            // A file that may not be written may still be replaced, if its folder may be written.
            return true;
        }
    }
}
