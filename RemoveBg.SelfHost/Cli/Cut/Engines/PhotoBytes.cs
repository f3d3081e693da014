using RemoveBg.SelfHost.Cli.Cut.Find;

namespace RemoveBg.SelfHost.Cli.Cut.Engines;

/// <summary>Reads the photos that are on this machine.</summary>
internal static class PhotoBytes
{
    /// <summary>Stands in names for bytes that are not UTF-8.</summary>
    private const char Replacement = '\uFFFD';

    /// <exception cref="PhotoFailedException">The file cannot be read.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(Photo photo, CancellationToken cancellationToken)
    {
        try
        {
            // Neither the opening nor the reading of a pipe can be cancelled: they go on until the program ends.
            var bytes = await Task.Run(() => photo.Kind == PhotoKind.File
                ? File.ReadAllBytesAsync(photo.Shown, cancellationToken) : StandardInputAsync(cancellationToken),
                cancellationToken).WaitAsync(cancellationToken);
            return bytes.Length > 0 || photo.Kind == PhotoKind.File ? bytes : throw new PhotoFailedException(
                FailureCodes.Unreadable, "standard input is empty: pipe a photo into it.");
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PhotoFailedException(FailureCodes.NotFound, photo.Shown.Contains(Replacement)
                ? "its name is not valid UTF-8, so that it cannot be opened: rename it." : "no such file.");
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            throw new PhotoFailedException(FailureCodes.Unreadable,
                $"cannot be read: {FileProblem.Reason(problem, photo.Shown)}.");
        }
    }

    private static async Task<byte[]> StandardInputAsync(CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }
}
