namespace RemoveBg.SelfHost;

/// <summary>Says in a few words, without full stop and path, why a file could not be read or written.</summary>
internal static class FileProblem
{
    /// <summary>Whether an exception is one of the file system.</summary>
    public static bool Is(Exception problem) => problem is IOException or UnauthorizedAccessException;

    public static string Reason(Exception problem, string path) => problem switch
    {
        UnauthorizedAccessException => Directory.Exists(path) ? "it is a folder" : "permission denied",
        FileNotFoundException => "no such file",
        DirectoryNotFoundException => FileAbove(path) is { } file ? $"{file} is a file" : "no such folder",
        // Messages of .NET end with the path, and some with a full stop.
        _ => problem.Message.Split(" : '")[0].TrimEnd('.'),
    };

    private static string? FileAbove(string path)
    {
        for (var above = path; !string.IsNullOrEmpty(above); above = Path.GetDirectoryName(above))
            if (File.Exists(above)) return above;
        return null;
    }
}
