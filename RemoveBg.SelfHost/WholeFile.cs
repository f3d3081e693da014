namespace RemoveBg.SelfHost;

/// <summary>Writes files that are either complete or do not exist.</summary>
internal static class WholeFile
{
    /// <summary>Ending of files that are being written.</summary>
    private const string Part = ".part";

    /// <summary>Writes a file beside its place, and then moves it there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="replace">Whether it may replace a file.</param>
    /// <param name="isPrivate">Whether only its owner may read it. Windows takes the rights of the folder.</param>
    /// <param name="cancellationToken">Cancels the writing; nothing is left then.</param>
    /// <exception cref="IOException">It exists and may not be replaced, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, bool replace,
        CancellationToken cancellationToken, bool isPrivate = false)
    {
        var part = PartIn(Path.GetDirectoryName(path) ?? "");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (isPrivate && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(part, options);
        try
        {
            await using (file) await file.WriteAsync(content, cancellationToken);
            File.Move(part, path, replace);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    /// <summary>Makes a folder if it is missing, and tries whether files can be written into it.</summary>
    /// <exception cref="IOException">They cannot.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not.</exception>
    public static void Prepare(string folder)
    {
        Directory.CreateDirectory(folder);
        new FileStream(PartIn(folder), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1,
            FileOptions.DeleteOnClose).Dispose();
    }

    /// <summary>Returns a new name, whose length does not depend on that of the file: names may have 255
    /// bytes.</summary>
    private static string PartIn(string folder) => Path.Combine(folder, $".{Guid.NewGuid():N}{Part}");
}
