namespace RemoveBg.SelfHost.Cli.Cut.Write;

/// <summary>Writes results: a file is either complete or does not exist.</summary>
internal static class ResultFile
{
    /// <summary>Ending of files that are being written.</summary>
    private const string Part = ".part";

    /// <summary>Writes a file beside its place, and then moves it there.</summary>
    /// <exception cref="IOException">It exists and may not be replaced, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, bool replace,
        CancellationToken cancellationToken)
    {
        var part = PartOf(path);
        try
        {
            await using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
                await file.WriteAsync(content, cancellationToken);
            File.Move(part, path, replace);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    /// <summary>Makes sure, before any work, that results can be written into a folder.</summary>
    /// <param name="folder">The folder; empty for the current one.</param>
    /// <param name="create">Whether to create it.</param>
    /// <returns>The problem; null without one.</returns>
    public static string? ProblemWith(string folder, bool create)
    {
        try
        {
            if (folder.Length == 0) folder = ".";
            if (create) Directory.CreateDirectory(folder);
            else if (!Directory.Exists(folder)) return $"the folder {folder} does not exist: create it first.";
            var probe = PartOf(Path.Combine(folder, "probe"));
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1,
                FileOptions.DeleteOnClose))
                return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return $"cannot be written: {problem.Message}";
        }
    }

    private static string PartOf(string path) => Path.Combine(Path.GetDirectoryName(path) ?? "",
        $".{Path.GetFileName(path)}.{Guid.NewGuid():N}"[..Math.Min(200, Path.GetFileName(path).Length + 34)] + Part);
}
