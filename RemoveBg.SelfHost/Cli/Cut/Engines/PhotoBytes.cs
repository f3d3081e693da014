using RemoveBg.SelfHost.Cli.Cut.Find;

namespace RemoveBg.SelfHost.Cli.Cut.Engines;

/// <summary>Reads the photos that are on this machine.</summary>
internal static class PhotoBytes
{
    /// <exception cref="PhotoFailedException">The file cannot be read.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(Photo photo, CancellationToken cancellationToken)
    {
        try
        {
            if (photo.Kind == PhotoKind.File) return await File.ReadAllBytesAsync(photo.Shown, cancellationToken);
            using var bytes = new MemoryStream();
            await using var input = Console.OpenStandardInput();
            await input.CopyToAsync(bytes, cancellationToken);
            return bytes.Length > 0 ? bytes.ToArray() : throw new PhotoFailedException(FailureCodes.Unreadable,
                "standard input is empty: pipe a photo into it.");
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PhotoFailedException(FailureCodes.NotFound, "no such file.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new PhotoFailedException(FailureCodes.Unreadable, $"cannot be read: {problem.Message}");
        }
    }
}
