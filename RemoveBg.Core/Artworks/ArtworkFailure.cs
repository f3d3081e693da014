namespace RemoveBg.Core.Artworks;

/// <summary>Why an artwork failed, as its owner reads it: a stable code and one sentence
/// without network details.</summary>
public sealed record ArtworkFailure(string Code, string Message)
{
    public const string ImageUrlBlocked = "image_url_blocked";
    public const string ImageUnreachable = "image_unreachable";
    public const string ImageTimeout = "image_timeout";
    public const string ImageTooLarge = "image_too_large";
    public const string ImageTooManyPixels = "image_too_many_pixels";
    public const string UnsupportedFormat = "unsupported_format";
    public const string ImageCorrupt = "image_corrupt";
    public const string TooManyRedirects = "too_many_redirects";
    public const string NoForeground = "no_foreground";
    public const string StorageUnavailable = "storage_unavailable";
    public const string InternalError = "internal_error";
}

/// <summary>Thrown inside the processing of one artwork. <see cref="IsTransient"/> says
/// whether another try may help.</summary>
public sealed class ArtworkFailedException(string code, string message, bool isTransient = false,
    Exception? cause = null)
    : Exception(message, cause)
{
    public ArtworkFailure Failure { get; } = new(code, message);

    public bool IsTransient { get; } = isTransient;

    /// <summary>The same, of a picture that is not the photo.</summary>
    public ArtworkFailedException Of(string field) =>
        new(Failure.Code, $"{field}: {Failure.Message}", IsTransient, this);
}
