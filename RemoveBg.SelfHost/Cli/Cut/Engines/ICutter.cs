using RemoveBg.SelfHost.Cli.Cut.Find;

namespace RemoveBg.SelfHost.Cli.Cut.Engines;

/// <summary>A finished cut-out.</summary>
/// <param name="File">The encoded result.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Source">The photo's file, if it was read here.</param>
internal sealed record CutOutFile(ReadOnlyMemory<byte> File, string ContentType, int Width, int Height,
    ReadOnlyMemory<byte>? Source);

/// <summary>Makes cut-outs: in this process or by a service. May be called for several photos at once.</summary>
internal interface ICutter : IAsyncDisposable
{
    /// <exception cref="PhotoFailedException">This photo failed; others may succeed.</exception>
    Task<CutOutFile> CutAsync(Photo photo, CancellationToken cancellationToken);
}

/// <summary>One photo failed.</summary>
/// <param name="code">A failure code of the API, or one of <see cref="FailureCodes"/>.</param>
/// <param name="message">What is wrong, and what to do.</param>
internal sealed class PhotoFailedException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

/// <summary>Failure codes besides those of the API; docs/cli.md lists them.</summary>
internal static class FailureCodes
{
    public const string NotFound = "file_not_found", Unreadable = "file_unreadable", Exists = "output_exists",
        Unwritable = "output_unwritable", Refused = "service_refused", Unreachable = "service_unreachable";
}
