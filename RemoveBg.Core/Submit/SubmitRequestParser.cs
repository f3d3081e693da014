using System.Text.Json;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Network;

namespace RemoveBg.Core.Submit;

/// <summary>Parses requests from JSON or a form, and reports the first ten problems at once.</summary>
public sealed class SubmitRequestParser(UrlPolicy urls, CutOutOptionsParser cutOutOptions)
{
    public const int LargestBatch = 50;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private const string ImageAccepted = "an absolute http or https URL, or a data:image/…;base64, URI";

    /// <summary>Parses one request from JSON.</summary>
    /// <exception cref="ApiException">400 with the problems, each naming its field.</exception>
    public SubmitRequest Parse(Memory<byte> body)
    {
        var (document, longTexts) = JsonBody.Parse(body,
            $"an object with the fields {RequestFields.Names}, each at most once", JsonBody.MostTokens, Strict);
        using var parsed = document;
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw ApiException.BadRequest($"The body must be a JSON object with the fields {RequestFields.Names}.");

        var problems = new Problems();
        var request = Read(document.RootElement, longTexts, problems);
        problems.ThrowIfAny();
        return request;
    }

    /// <summary>Parses several requests, <c>{"artworks": […]}</c>.</summary>
    /// <exception cref="ApiException">400 with the problems of all of them, each naming its field.</exception>
    public IReadOnlyList<SubmitRequest> ParseBatch(Memory<byte> body)
    {
        var accepted = $"an object with one field artworks: 1 to {LargestBatch} objects, each with the "
            + $"fields {RequestFields.Names}";
        var (document, longTexts) = JsonBody.Parse(body, accepted, LargestBatch * JsonBody.MostTokens, Strict);
        using var parsed = document;
        if (document.RootElement is not { ValueKind: JsonValueKind.Object } root
            || !root.TryGetProperty("artworks", out var artworks) || root.EnumerateObject().Count() != 1
            || artworks.ValueKind != JsonValueKind.Array || artworks.GetArrayLength() is 0 or > LargestBatch)
            throw ApiException.BadRequest($"The body must be {accepted}.");

        var problems = new Problems();
        var requests = new List<SubmitRequest>();
        foreach (var (index, element) in artworks.EnumerateArray().Index())
            if (element.ValueKind == JsonValueKind.Object)
                requests.Add(Read(element, longTexts, problems, $"artworks[{index}]."));
            else problems.Add($"artworks[{index}] must be an object with the fields {RequestFields.Names}.");
        problems.ThrowIfAny();
        return requests;
    }

    /// <summary>Parses a form. Its fields have the names that they have in JSON; the photo is the file <c>image</c>, a
    /// background image the file <c>background</c>.</summary>
    /// <exception cref="ApiException">400 with the problems, each naming its field.</exception>
    public SubmitRequest Parse(IEnumerable<KeyValuePair<string, string>> texts,
        IReadOnlyDictionary<string, InlineImage> files, LongTexts? longTexts = null)
    {
        var problems = new Problems();
        var fields = new RequestFields(problems, longTexts: longTexts);
        foreach (var (name, text) in texts)
            if (fields.Has(name)) fields.Problem(name, "must be given once.");
            else fields.Put(name, text);
        foreach (var name in files.Keys.Where(name => name is not "image" and not "background"))
            problems.Add($"'{Problems.Quote(name)}' is not a known file; accepted: image, background.");

        var request = Read(fields, files.GetValueOrDefault("image"), files.GetValueOrDefault("background"));
        problems.ThrowIfAny();
        return request;
    }

    /// <summary>Parses a form with several photos; its other fields hold for each of them.</summary>
    /// <exception cref="ApiException">400 with the problems, each naming its field.</exception>
    public IReadOnlyList<SubmitRequest> ParseBatch(IEnumerable<KeyValuePair<string, string>> texts,
        IReadOnlyList<InlineImage> images, IReadOnlyDictionary<string, InlineImage> files, LongTexts longTexts)
    {
        if (images.Count is 0 or > LargestBatch)
            throw ApiException.BadRequest($"The form must have 1 to {LargestBatch} files with the name images.");
        var problems = new Problems();
        var fields = new RequestFields(problems, longTexts: longTexts);
        foreach (var (name, text) in texts)
            if (fields.Has(name)) fields.Problem(name, "must be given once.");
            else if (name == "imageUrl") fields.Problem(name, "cannot be combined with files.");
            else fields.Put(name, text);
        foreach (var name in files.Keys.Where(name => name != "background"))
            problems.Add($"'{Problems.Quote(name)}' is not a known file; accepted: images, background.");
        var first = Read(fields, images[0], files.GetValueOrDefault("background"));
        problems.ThrowIfAny();
        return [first, .. images.Skip(1).Select(image =>
            first with { ImageUrl = image.Shown, InlineImage = image })];
    }

    /// <summary>Parses the body of a webhook test, <c>{"webhook": "https://…"}</c>.</summary>
    /// <exception cref="ApiException">400: no or another field, or a URL that is not accepted.</exception>
    public string ParseWebhookTest(Memory<byte> body)
    {
        const string accepted = "an object with one field webhook: an absolute https URL of a publicly routable host";
        var (document, longTexts) = JsonBody.Parse(body, accepted, JsonBody.MostTokens, Strict);
        using var parsed = document;
        if (document.RootElement is not { ValueKind: JsonValueKind.Object } root
            || !root.TryGetProperty("webhook", out var webhook) || root.EnumerateObject().Count() != 1)
            throw ApiException.BadRequest($"The body must be {accepted}.");
        var problems = new Problems();
        var fields = new RequestFields(problems, longTexts: longTexts);
        fields.Put("webhook", webhook);
        var url = ReadWebhook(fields);
        problems.ThrowIfAny();
        return url ?? throw ApiException.BadRequest($"The body must be {accepted}.");
    }

    /// <summary>Parses the options alone, written as text and under names of their own, as on a command line.</summary>
    /// <param name="texts">Fields of a request and their values; flags and numbers as in a form.</param>
    /// <param name="background">The file of the image behind the subject; null for none.</param>
    /// <param name="shown">Maps the name of a field to the name that the user knows.</param>
    /// <exception cref="ApiException">400 with the problems, each naming its option.</exception>
    public TextOptions ParseOptions(IEnumerable<KeyValuePair<string, string>> texts, InlineImage? background,
        Func<string, string> shown)
    {
        var problems = new Problems();
        var fields = new RequestFields(problems, shown: shown);
        foreach (var (name, text) in texts) fields.Put(name, text);
        var format = ReadFormat(fields);
        var (options, behind) = cutOutOptions.Read(fields, background);
        problems.ThrowIfAny();
        return new(options ?? new(), format, behind);
    }

    private SubmitRequest Read(JsonElement element, LongTexts longTexts, Problems problems, string prefix = "")
    {
        var fields = new RequestFields(problems, prefix, longTexts: longTexts);
        foreach (var property in element.EnumerateObject()) fields.Put(property.Name, property.Value);
        return Read(fields, null, null);
    }

    internal SubmitRequest Read(RequestFields fields, InlineImage? image, InlineImage? background)
    {
        var (imageUrl, inline) = ReadImage(fields, image);
        var webhook = ReadWebhook(fields);
        var format = ReadFormat(fields);
        var (options, behind) = cutOutOptions.Read(fields, background);
        return new(imageUrl, inline, webhook, format, options, behind);
    }

    private (string Url, InlineImage? Inline) ReadImage(RequestFields fields, InlineImage? upload)
    {
        if (upload is not null)
        {
            if (fields.Find("imageUrl") is not null) fields.Problem("imageUrl",
                "cannot be combined with the file image: give the photo once.");
            return (upload.Shown, upload);
        }
        if (fields.Find("imageUrl") is null) fields.Problem("imageUrl", $"is required: {ImageAccepted}.");
        return fields.Text("imageUrl", ImageAccepted) is { } url ? ImageField.Read(fields, "imageUrl", url, urls)
            : ("", null);
    }

    private string? ReadWebhook(RequestFields fields)
    {
        if (fields.Text("webhook", "an absolute https URL of a publicly routable host") is not { } text) return null;
        var url = text.Trim();
        if (url.Length > SubmitRequest.LongestUrl)
            fields.Problem("webhook", $"must have at most {SubmitRequest.LongestUrl:N0} characters.");
        else if (urls.Check(url, UrlUse.Webhook, out _) is { } refused) fields.Problem("webhook", refused);
        return url;
    }

    private static OutputFormat ReadFormat(RequestFields fields)
    {
        if (fields.Find("outputFormat") is not { } value) return OutputFormat.Auto;
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { } word
            && OutputFormats.Words.Contains(word) && OutputFormats.TryParse(word, out var format)) return format;
        fields.Problem("outputFormat", $"must be one of {string.Join(", ", OutputFormats.Words)}.");
        return OutputFormat.Auto;
    }
}
