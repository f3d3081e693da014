using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Network;

namespace RemoveBg.Core.Submit;

/// <summary>The body of <c>POST /v2/artworks/remove-background</c>, checked.</summary>
/// <param name="ImageUrl">As given.</param>
/// <param name="InlineImage">The bytes, when <paramref name="ImageUrl"/> is a data URI.</param>
public sealed record SubmitRequest(string ImageUrl, DataUri? InlineImage, string? Webhook, OutputFormat OutputFormat)
{
    public const int LongestUrl = 2048;

    /// <summary>Equal for requests that ask for the same thing, however their JSON is laid out.</summary>
    public string Fingerprint() => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new[] { ImageUrl, Webhook, OutputFormat.Word() }))));
}

/// <summary>Reads the body and reports all that is wrong with it at once.</summary>
public sealed class SubmitRequestParser(UrlPolicy urls)
{
    private const string Fields = "imageUrl, webhook, outputFormat";

    /// <exception cref="ApiException">400 with every problem, each naming its field.</exception>
    public SubmitRequest Parse(ReadOnlyMemory<byte> body)
    {
        using var document = ParseJson(body);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw ApiException.BadRequest($"The body must be a JSON object with the fields {Fields}.");

        var problems = new List<string>();
        JsonElement? image = null, webhook = null, format = null;
        foreach (var property in document.RootElement.EnumerateObject())
            switch (property.Name)
            {
                case "imageUrl": image = property.Value; break;
                case "webhook": webhook = property.Value; break;
                case "outputFormat": format = property.Value; break;
                default: problems.Add($"{Shown(property.Name)} is not a known field; accepted are {Fields}."); break;
            }

        var (imageUrl, inline) = ParseImage(image, problems);
        var request = new SubmitRequest(imageUrl, inline, ParseWebhook(webhook, problems), ParseFormat(format, problems));
        return problems.Count == 0 ? request : throw ApiException.BadRequest(string.Join(" ", problems));
    }

    private static JsonDocument ParseJson(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
        }
        catch (JsonException problem)
        {
            var where = problem.LineNumber is { } line ? $" (line {line + 1}, byte {problem.BytePositionInLine + 1})" : "";
            throw ApiException.BadRequest($"The body is not valid JSON{where}; expected is an object with the fields {Fields}, each at most once.");
        }
    }

    private (string Url, DataUri? Inline) ParseImage(JsonElement? element, List<string> problems)
    {
        if (element is not { ValueKind: not JsonValueKind.Null } value)
        {
            problems.Add("imageUrl is required: an absolute http or https URL, or a data:image/…;base64, URI.");
            return ("", null);
        }
        if (value.ValueKind != JsonValueKind.String)
        {
            problems.Add("imageUrl must be a string: an absolute http or https URL, or a data:image/…;base64, URI.");
            return ("", null);
        }

        var url = value.GetString()!;
        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            var inline = DataUri.TryParse(url, out var problem);
            if (inline is null) problems.Add($"imageUrl {problem}");
            return (url, inline);
        }
        if (url.Length > SubmitRequest.LongestUrl) problems.Add($"imageUrl must have at most {SubmitRequest.LongestUrl:N0} characters.");
        else if (urls.Check(url, UrlUse.Image, out _) is { } refused) problems.Add($"imageUrl {refused}");
        return (url, null);
    }

    private string? ParseWebhook(JsonElement? element, List<string> problems)
    {
        if (element is not { ValueKind: not JsonValueKind.Null } value) return null;
        if (value.ValueKind != JsonValueKind.String)
        {
            problems.Add("webhook must be a string: an absolute https URL of a publicly routable host.");
            return null;
        }
        var url = value.GetString()!;
        if (url.Length > SubmitRequest.LongestUrl) problems.Add($"webhook must have at most {SubmitRequest.LongestUrl:N0} characters.");
        else if (urls.Check(url, UrlUse.Webhook, out _) is { } refused) problems.Add($"webhook {refused}");
        return url;
    }

    private static OutputFormat ParseFormat(JsonElement? element, List<string> problems)
    {
        if (element is not { } value) return OutputFormat.Auto;
        if (value.ValueKind == JsonValueKind.String && OutputFormats.TryParse(value.GetString(), out var format)) return format;
        problems.Add($"outputFormat must be one of {string.Join(", ", OutputFormats.Words)}.");
        return OutputFormat.Auto;
    }

    /// <summary>A name from outside, short and printable.</summary>
    private static string Shown(string name)
    {
        var clean = new string([.. name.Take(40).Select(c => char.IsControl(c) ? '?' : c)]);
        return $"'{clean}{(name.Length > 40 ? "…" : "")}'";
    }
}
