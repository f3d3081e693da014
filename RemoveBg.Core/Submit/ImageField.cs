using RemoveBg.Core.Network;

namespace RemoveBg.Core.Submit;

/// <summary>A picture that a request names: by a URL, or with its bytes in a data URI.</summary>
internal static class ImageField
{
    /// <returns>What the record shows, and the picture if it came along.</returns>
    public static (string Shown, InlineImage? Inline) Read(RequestFields fields, string field, string url,
        UrlPolicy urls)
    {
        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            var inline = InlineImage.TryParse(url, out var problem);
            if (inline is null) fields.Problem(field, problem);
            return (inline?.Shown ?? "", inline);
        }
        if (url.Length > SubmitRequest.LongestUrl)
            fields.Problem(field, $"must have at most {SubmitRequest.LongestUrl:N0} characters.");
        else if (urls.Check(url, UrlUse.Image, out _) is { } refused) fields.Problem(field, refused);
        return (url, null);
    }
}
