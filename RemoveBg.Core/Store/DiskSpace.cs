using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Store;

/// <summary>A folder on this machine that the service must be able to write.</summary>
/// <param name="Name">What it is for. Callers see the name, never the path.</param>
/// <param name="Path">The folder.</param>
public sealed record WritableFolder(string Name, string Path);

/// <summary>Checks that the disks of the folders that this host writes are not full.</summary>
public sealed class DiskSpace(IEnumerable<WritableFolder> folders, IOptions<DiskOptions> options)
{
    private readonly long _leastMB = options.Value.LeastFreeMB;

    /// <returns>A sentence that names the first folder which is short of space or cannot be written; null if none
    /// is.</returns>
    public string? Problem() => folders.Select(Problem).FirstOrDefault(problem => problem is not null);

    private string? Problem(WritableFolder folder)
    {
        try
        {
            if (new DriveInfo(folder.Path).AvailableFreeSpace < _leastMB * 1_000_000)
                return $"The disk of {folder.Name} is full: less than {_leastMB:N0} MB are free.";

            // Free space does not tell of quotas, inodes and read-only file systems.
            var probe = Path.Combine(folder.Path, $".removebg-{Guid.NewGuid():N}");
            using var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1,
                FileOptions.DeleteOnClose);
            file.WriteByte(0);
            file.Flush();
            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return $"The folder of {folder.Name} cannot be written.";
        }
    }
}
