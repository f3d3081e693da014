namespace RemoveBg.Core.Artworks;

/// <summary>Why an artwork failed, as its owner reads it.</summary>
/// <param name="Code">Stable, for programs: one of the constants below.</param>
/// <param name="Message">One sentence without network details.</param>
public sealed record ArtworkFailure(string Code, string Message)
{
    public const string ImageUrlBlocked = "image_url_blocked";
    public const string ImageUnreachable = "image_unreachable";
    public const string ImageTimeout = "image_timeout";
    public const string ImageIncomplete = "image_incomplete";
    public const string ImageTls = "image_tls";
    public const string ImageTooLarge = "image_too_large";
    public const string ImageTooManyPixels = "image_too_many_pixels";
    public const string UnsupportedFormat = "unsupported_format";
    public const string ImageCorrupt = "image_corrupt";
    public const string TooManyRedirects = "too_many_redirects";
    public const string NoForeground = "no_foreground";
    public const string StorageUnavailable = "storage_unavailable";
    public const string InternalError = "internal_error";

    /// <summary>remove.bg's title and code for each failure, for the drop-in route; null where the service is at fault,
    /// which that route answers with 500.</summary>
    internal static IReadOnlyDictionary<string, (string Title, string Code)?> RemoveBgErrors { get; } =
        new Dictionary<string, (string Title, string Code)?>
        {
            [ImageUrlBlocked] = ("Invalid image URL", "invalid_image_url"),
            [ImageUnreachable] = ("Failed to download image", "failed_image_download"),
            [ImageTimeout] = ("Failed to download image", "failed_image_download"),
            [ImageIncomplete] = ("Failed to download image", "failed_image_download"),
            [ImageTls] = ("Failed to download image", "failed_image_download"),
            [TooManyRedirects] = ("Failed to download image", "failed_image_download"),
            [ImageTooLarge] = ("File size too large", "file_size_too_large"),
            [ImageTooManyPixels] = ("Resolution too high", "resolution_too_high"),
            [UnsupportedFormat] = ("Invalid file type", "invalid_file_type"),
            [ImageCorrupt] = ("Failed to read image", "failed_to_read_image"),
            [NoForeground] = ("Could not identify foreground in image", "unknown_foreground"),
            [StorageUnavailable] = null,
            [InternalError] = null,
        };
}

/// <summary>Ends the processing of one artwork with a failure.</summary>
/// <param name="code">A constant of <see cref="ArtworkFailure"/>.</param>
/// <param name="message">One sentence for the owner.</param>
/// <param name="isTransient">Whether another attempt may succeed.</param>
/// <param name="cause">For the log.</param>
public sealed class ArtworkFailedException(string code, string message, bool isTransient = false,
    Exception? cause = null)
    : Exception(message, cause)
{
    public ArtworkFailure Failure { get; } = new(code, message);

    public bool IsTransient { get; } = isTransient;

    /// <summary>Attributes the failure to an image other than the photo.</summary>
    /// <param name="field">The field that names the image.</param>
    public ArtworkFailedException Of(string field) =>
        new(Failure.Code, $"{field}: {Failure.Message}", IsTransient, this);
}
