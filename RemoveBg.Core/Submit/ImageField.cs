using System.Text;
using System.Text.RegularExpressions;
using RemoveBg.Core.Network;

namespace RemoveBg.Core.Submit;

/// <summary>Reads a field that names an image by URL or holds it as a data URI.</summary>
internal static partial class ImageField
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
        if (Base64Image().IsMatch(url))
            fields.Problem(field, "is base64 without its beginning: write data:image/jpeg;base64, before it, with the "
                + "image's own type.");
        else if (WithoutScheme().IsMatch(url)) fields.Problem(field, "must begin with https:// or http://.");
        else if (url.Length > SubmitRequest.LongestUrl)
            fields.Problem(field, $"must have at most {SubmitRequest.LongestUrl:N0} characters.");
        else if (urls.Check(url, UrlUse.Image, out _) is { } refused) fields.Problem(field, refused);
        return (url, null);
    }

    /// <summary>Matches the first bytes of JPEG, PNG, WebP, GIF and BMP files in base64.</summary>
    [GeneratedRegex("^(/9j/|iVBORw0KGgo|UklGR|R0lGOD|Qk)[A-Za-z0-9+/]{6,}")]
    private static partial Regex Base64Image();

    /// <summary>Matches a host name with a dot, and what may follow it.</summary>
    [GeneratedRegex("^[a-z0-9-]+(\\.[a-z0-9-]+)+(:[0-9]+)?([/?#]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex WithoutScheme();
}
