using System.Text;
using RemoveBg.Core.Network;

namespace RemoveBg.Core.Submit;

/// <summary>Reads a field that names an image by URL or holds it as a data URI.</summary>
internal static class ImageField
{
    /// <returns>Text for the record, and the image if it came with the request.</returns>
    public static (string Shown, InlineImage? Inline) Read(RequestFields fields, string field, string url,
        UrlPolicy urls)
    {
        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            var inline = InlineImage.TryParse(fields.Long(field) ?? Encoding.UTF8.GetBytes(url), out var problem);
            if (inline is null) fields.Problem(field, problem);
            return (inline?.Shown ?? "", inline);
        }
        // Pasted URLs often have a blank at the end.
        url = url.Trim();
        if (url.Length > SubmitRequest.LongestUrl)
            fields.Problem(field, $"must have at most {SubmitRequest.LongestUrl:N0} characters.");
        else if (urls.Check(url, UrlUse.Image, out _) is { } refused) fields.Problem(field, refused);
        return (url, null);
    }
}
