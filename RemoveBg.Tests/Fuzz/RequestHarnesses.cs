using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.DropIn;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Submit;
using RemoveBg.Functions.Http;
using RemoveBg.Tests.Given;
using static RemoveBg.Tests.Fuzz.BrokenInvariantException;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Readers of request bodies.</summary>
internal static partial class RequestHarnesses
{
    private static readonly SubmitRequestParser Parser = Requests.Parser();
    private static readonly RemoveBgV1Request DropIn = new(Parser);

    private static readonly MemoryBudget Budget = new(Options.Create(new MemoryOptions()), TimeProvider.System);

    [ThreadStatic]
    private static BodyMemory? s_last;

    private static readonly Dictionary<string, InlineImage> Photo =
        new() { ["image"] = InlineImage.FromUpload("image/jpeg", new byte[] { 1 }) };

    private static readonly string[] Words = [.. RequestFields.Known, "artworks", "\"crop\":true", "center", "blur",
        "-Infinity", "-Infinity%", "50%", "10px", "data:image/png;base64,AAAA", "https://example.com/a.png", "rgba",
        "alpha", "background", "webp", "\\u0022", "{\"", "\":", "\",\""];

    public static IEnumerable<Harness> All =>
    [
        Harness.Of("json", () => RequestSeeds.Json, ParseJson, CheckJson, typeof(ApiException))
            with { Words = Words, Memory = (400_000, 60) },
        Harness.Of("submit-json", () => RequestSeeds.Json, body => Parser.Parse(body), CheckRequest,
            typeof(ApiException)) with { Words = Words },
        Harness.Of("submit-batch", () => RequestSeeds.Batches, body => Parser.ParseBatch(body), (_, requests) =>
        {
            Require(requests.Count is >= 1 and <= SubmitRequestParser.LargestBatch, $"{requests.Count} requests");
            return string.Join('|', requests.Select(request => CheckRequest([], request)).Distinct());
        }, typeof(ApiException)) with { Words = Words, Memory = (1_000_000, 100) },
        Harness.Of("submit-form", () => RequestSeeds.Forms, body =>
            {
                var form = Parse("x", body);
                return Parser.Parse(form.Texts, Photo, form.LongTexts);
            }, CheckRequest, typeof(ApiException))
            with { Words = [.. RequestFields.Known, "&", "crop=true&cropMargin=", "-Infinity", "on", "10%25"] },
        Harness.Of("drop-in-form", () => RequestSeeds.DropIn, body =>
            {
                var form = Parse("x", body);
                return DropIn.Parse(form.Texts, form.Files, form.LongTexts);
            }, CheckDropIn, typeof(ApiException), typeof(V1Exception))
            with { Words = RequestSeeds.DropInWords, Memory = (400_000, 200) },
        Harness.Of("drop-in-json", () => RequestSeeds.DropInJson, body =>
            {
                var form = RequestForm.ParseJson(Memory(body));
                return DropIn.Parse(form.Texts, form.Files, form.LongTexts);
            }, CheckDropIn, typeof(ApiException), typeof(V1Exception))
            with { Words = RequestSeeds.DropInWords, Memory = (400_000, 200) },
        Harness.Of("webhook-test", () => [[.. """{"webhook":"https://example.com/hook"}"""u8]],
            body => Parser.ParseWebhookTest(body), (_, url) =>
            {
                Require(url.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                    && url.Length <= SubmitRequest.LongestUrl, $"{url} is an https URL");
                return "";
            }, typeof(ApiException)) with { Words = Words },
        Harness.Of("urlencoded", () => [.. RequestSeeds.Forms, .. RequestSeeds.DropIn], body => Parse("x", body),
            CheckUrlEncoded, typeof(ApiException)) with { Words = ["&", "=", "+", "%41", "%c3%a9", "%ff", "%0"] },
        Harness.Of("multipart", () => RequestSeeds.Multipart, ParseMultipart, CheckMultipart, typeof(ApiException))
            with { Words = RequestSeeds.MultipartWords, Memory = (500_000, 60) },
        Harness.Of("data-uri", () => RequestSeeds.DataUris, uri => InlineImage.TryParse(uri, out _), CheckDataUri)
            with { Words = ["data:", "image/", ";base64,", "svg+xml", "=", ";charset=x"] },
    ];

    private static Tuple<JsonDocument, LongTexts> ParseJson(byte[] body)
    {
        var (document, texts) = JsonBody.Parse(body, "JSON", JsonBody.MostTokens, new() { MaxDepth = 8 });
        return new(document, texts);
    }

    /// <summary>Checks that .NET's strict reader accepts what ours does, and reads the same except for long
    /// texts.</summary>
    private static string CheckJson(byte[] body, Tuple<JsonDocument, LongTexts> parsed)
    {
        using var ours = parsed.Item1;
        using var other = JsonDocument.Parse(body.AsMemory(body.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0),
            new() { MaxDepth = 8 });
        var text = ours.RootElement.GetRawText();
        var hasLong = text.Contains("long:", StringComparison.Ordinal);
        Require(hasLong || text == other.RootElement.GetRawText(), "both read the same");
        return $"{ours.RootElement.ValueKind} {hasLong}";
    }

    private static string CheckRequest(byte[] body, SubmitRequest request)
    {
        Require(request.ImageUrl.Length is > 0 and <= SubmitRequest.LongestUrl, "the URL has a length");
        Require(request.Webhook is null || request.Webhook.StartsWith("https:", StringComparison.OrdinalIgnoreCase),
            $"{request.Webhook} is an https URL");
        Require(request.OutputFormat is OutputFormat.Auto or OutputFormat.Png or OutputFormat.Webp,
            $"{request.OutputFormat} may be asked for");
        Require(request.Fingerprint() == (request with { }).Fingerprint(), "a fingerprint stays");
        return request.Options is { } options ? OptionLimits.Check(options) : "";
    }

    private static string CheckDropIn(byte[] body, SubmitRequest request)
    {
        Require(request.Options!.ShadowOpacity is null or >= 0 and <= 100, $"{request.Options.ShadowOpacity} percent");
        Require(request.OutputFormat != OutputFormat.Auto, "a format is chosen");
        return $"{request.OutputFormat} {OptionLimits.Check(request.Options)}";
    }

    /// <summary>ASP.NET's own reader reads the same fields.</summary>
    private static string CheckUrlEncoded(byte[] body, RequestForm form)
    {
        // The URL Standard decodes escapes to bytes, and these to text; ASP.NET does it the other way round.
        if (!Ascii.IsValid(body)) return "not ASCII";
        Dictionary<string, Microsoft.Extensions.Primitives.StringValues> others;
        try
        {
            others = new FormPipeReader(PipeReader.Create(new(body)), Encoding.UTF8).ReadFormAsync().GetAwaiter()
                .GetResult();
        }
        catch (InvalidDataException)
        {
            return "too much for ASP.NET";
        }
        var ours = form.Texts.GroupBy(text => text.Key, text => text.Value, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => group.ToList(), StringComparer.OrdinalIgnoreCase);
        // To ASP.NET, "&&" has an empty name.
        foreach (var (name, values) in ours.Where(field => field.Key.Length > 0))
            Require(values.TrueForAll(IsLong) || others.TryGetValue(name, out var other) && values.Count == other.Count
                && values.Zip(other).All(pair => IsLong(pair.First) || pair.First == pair.Second),
                $"{name} is {string.Join('|', values)}, ASP.NET reads {others.GetValueOrDefault(name)}");
        Require(others.Keys.All(name => name.Length == 0 || ours.ContainsKey(name)),
            $"{string.Join('|', ours.Keys)}, ASP.NET reads {string.Join('|', others.Keys)}");
        return $"{Math.Min(form.Texts.Count, 5)}";

        bool IsLong(string value) => form.LongTexts.Find(value) is not null;
    }

    private static RequestForm ParseMultipart(byte[] input)
    {
        var (type, body) = Split(input);
        return Parse(type, body);
    }

    /// <summary>ASP.NET's own reader has each text and each file, too.</summary>
    private static string CheckMultipart(byte[] input, RequestForm form)
    {
        var (type, body) = Split(input);
        var request = RequestOf(type, body);
        if (!request.HasFormContentType) return "not for ASP.NET";
        var kind = $"{Math.Min(form.Texts.Count, 3)} {Math.Min(form.Files.Count, 3)}";
        IFormCollection others;
        try
        {
            others = request.ReadFormAsync().GetAwaiter().GetResult();
        }
        catch (Exception problem) when (problem is InvalidDataException or IOException or NotSupportedException
            or ArgumentException)
        {
            return $"{kind}, not for ASP.NET";
        }
        // Ours are UTF-8, whatever a part says; and to ASP.NET, form-data has small letters (RFC 2183: any).
        var text = Encoding.Latin1.GetString(body);
        if (text.Contains("charset", StringComparison.OrdinalIgnoreCase)
            || FormData().Count(text) != text.Split("form-data").Length - 1) return kind;
        foreach (var (name, value) in form.Texts)
            // A reader of ASP.NET's drops a byte order mark.
            Require(others[name].Contains(value) || others[name].Contains(value.TrimStart('\uFEFF'))
                || form.LongTexts.Find(value) is not null, $"{name} is '{value}'");
        foreach (var (name, image) in form.Files)
            Require(others.Files.GetFiles(name).Any(file => Bytes(file).AsSpan().SequenceEqual(image.Content))
                || others[name].Contains(Encoding.UTF8.GetString(image.Content)), $"{name} is a file");
        return kind;
    }

    [GeneratedRegex("form-data", RegexOptions.IgnoreCase)]
    private static partial Regex FormData();

    private static byte[] Bytes(IFormFile file)
    {
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string CheckDataUri(byte[] uri, InlineImage image)
    {
        Require(image.Shown.StartsWith("data:image/", StringComparison.Ordinal), image.Shown);
        var encoded = Encoding.ASCII.GetString(uri)[(Array.IndexOf(uri, (byte)',') + 1)..];
        Require(image.Content.ToArray().AsSpan().SequenceEqual(Convert.FromBase64String(encoded)), "same bytes");
        return "";
    }

    /// <summary>The first line is the Content-Type.</summary>
    private static (string Type, byte[] Body) Split(byte[] input)
    {
        var end = Array.IndexOf(input, (byte)'\n');
        return end < 0 ? ("", input) : (Encoding.Latin1.GetString(input[..end]), input[(end + 1)..]);
    }

    private static RequestForm Parse(string type, byte[] body) =>
        RequestForm.ParseAsync(RequestOf(type, []), Memory(body), default).GetAwaiter().GetResult();

    /// <summary>The memory lasts until the next body.</summary>
    private static BodyMemory Memory(byte[] body)
    {
        s_last?.Dispose();
        s_last = Budget.BookBodyAsync("key", Math.Max(1, body.Length), default).GetAwaiter().GetResult();
        body.CopyTo(s_last.Bytes);
        s_last.Arrived(body.Length);
        return s_last;
    }

    private static HttpRequest RequestOf(string type, byte[] body)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentType = type;
        context.Request.Body = new MemoryStream(body);
        return context.Request;
    }
}
