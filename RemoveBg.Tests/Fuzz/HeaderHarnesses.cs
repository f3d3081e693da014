using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Network;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Submit;
using RemoveBg.Functions.Http;
using RemoveBg.Tests.Given;
using static RemoveBg.Tests.Fuzz.BrokenInvariantException;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Readers of headers, of parameters in the query, of URLs and of single values. A header's bytes come as a
/// character each.</summary>
internal static class HeaderHarnesses
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly UrlPolicy Urls = new(Options.Create(new NetworkOptions()));
    private static readonly WebhookOptions Webhooks = new();

    public static IEnumerable<Harness> All =>
    [
        Harness.Of("prefer", () => Texts("wait=10", "respond-async, wait=\"60\"; x=y", "wait=1;foo"),
            text => PreferWait.Read(With("Prefer", text)) is { } wait ? new Found<TimeSpan>(wait) : null, (_, wait) =>
            {
                Require(wait.Value >= TimeSpan.FromSeconds(1) && wait.Value <= TimeSpan.FromSeconds(60), $"{wait}");
                return "";
            }, typeof(ApiException)) with { Words = ["wait=", ",", ";"], Memory = (300_000, 120) },
        Harness.Of("forwarded-for", () => Texts("203.0.113.7", "10.0.0.1, 2001:db8::1",
            "[2001:db8::2]:443, 8.8.8.8:80"), text => CallerAddress.Of(With("X-Forwarded-For", text), 1), CheckAddress)
            with { Words = ["::ffff:", "[", "]", "%eth0", ",", "127.0.0.1"], AcceptsAll = true },
        Harness.Of("idempotency-key", () => Texts("\"8e03978e-40d5-43e8-bc93-6894a57f9324\"", "a", new('k', 255)),
            text => IdempotencyTable.RowOf(Latin1(text)), (_, row) =>
            {
                Require(row.Length == 64 && row.All(char.IsAsciiHexDigitLower), row);
                return "";
            }, typeof(ApiException)),
        Harness.Of("authorization", () => Texts("Bearer rbg_abc\n", "\nrbg_abc", "Basic YTpi\nx"),
            text => Authenticate.Presented(Lines(text)[0], Lines(text).ElementAtOrDefault(1)), (_, key) =>
            {
                Require(key == key.Trim(), $"'{key}' has no blanks around it");
                return key.Length == 0 ? "empty" : "";
            }) with { Words = ["Bearer ", "bearer", "\n"] },
        Harness.Of("list-parameters", () => Texts("20\n", "\n\nfailed",
            "100\n0193b5f2a7c87c3e8f9d0a1b2c3d4e5f\nsucceeded"),
            text => Tuple.Create(ListArtworks.Parse(Line(text, 0), Line(text, 1), Line(text, 2))), (_, parsed) =>
            {
                var (take, after, only) = parsed.Item1;
                Require(take is >= 1 and <= 100, $"{take} items");
                Require(only is null || Enum.IsDefined(only.Value), $"{only}");
                return $"{after is null} {only}";
            }, typeof(ApiException)) with { Words = ["\n", "processing", "canceled", "101", "0"] },
        Harness.Of("retry-after", () => Texts("120", "Mon, 30 Nov 2026 12:10:00 GMT", "0"), RetryAfter, CheckWait)
            with { Words = ["GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"] },
        Harness.Of("url", () => UrlSeeds, text => Urls.Check(Encoding.UTF8.GetString(text), UrlUse.Image, out var url)
            is null ? url : null, CheckUrl) with { Words = UrlWords, Memory = (400_000, 120) },
        Harness.Of("redirect", () => [.. UrlSeeds, .. Texts("../b.jpg?c#d", "//example.org", "?x", "/%2e%2e/a")],
            text => UrlReference.Resolve("https://photos.example.com/a/b.jpg?x=1", Latin1(text)), (_, next) =>
            {
                Require(!next.Contains('#', StringComparison.Ordinal), "a fragment is left out");
                return Urls.Check(next, UrlUse.Image, out var url) is null ? CheckUrl([], url!) : "";
            }) with { Words = UrlWords, Memory = (400_000, 200), AcceptsAll = true },
        Harness.Of("option-values", () => Texts("10%", "20px 0", "center", "0 0 50% 100px", "#ff880080",
            "rebeccapurple", "80%", "blur", "https://example.com/"), text =>
                OptionValues.Of(Encoding.UTF8.GetString(text)),
            (_, values) => values.Check())
            with { Words = ["%", "px", " ", "-Infinity", "-Infinity%", "#"], Memory = (300_000, 150) },
    ];

    private static string[] UrlWords => ["https://", "http://", "//", "@", "[::1]", "127.0.0.1", "0x7f.1", ":443",
        "%2e", "..", "\\", "example.com", "xn--", "\u3002", "localhost", "#", "?", "169.254.169.254"];

    private static IReadOnlyList<byte[]> UrlSeeds => [.. Enumerable.Range(0, 200)
        .Select(i => Encoding.UTF8.GetBytes(new UrlGenerator(i).Next())), .. Texts("https://example.com/a.jpg",
            "http://8.8.8.8:8080/", "https://b\u00fccher.de/", "https://[2606:4700:4700::1111]/a?b=c")];

    /// <summary>A public host on an allowed port, and the URL as it is written leads to the same.</summary>
    private static string CheckUrl(byte[] text, Uri url)
    {
        Require(url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.Port is 80 or 443 or 8080 or 8443,
            $"{url} is allowed");
        Require(!IPAddress.TryParse(url.IdnHost, out var address) || PublicAddress.Is(address), $"{url} is public");
        if (text.Length == 0) return "";
        var asked = ImageFetcher.AsWritten(Encoding.UTF8.GetString(text), url);
        Require(asked.IdnHost == url.IdnHost && asked.Port == url.Port && asked.Scheme == url.Scheme,
            $"{asked} leads to {url}");
        return $"{url.HostNameType} {url.Scheme}";
    }

    private static string CheckAddress(byte[] text, string address)
    {
        var ours = address.EndsWith("/64", StringComparison.Ordinal) ? address[..^3] : address;
        Require(IPAddress.TryParse(ours, out var parsed) && parsed.ToString() == ours, $"{address} is an address");
        Require((parsed!.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) == (ours != address),
            $"{address}: of IPv6, the subscriber's /64");
        return $"{parsed.AddressFamily}";
    }

    private static Found<TimeSpan>? RetryAfter(byte[] text)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        response.Headers.TryAddWithoutValidation("Retry-After", Latin1(text));
        return WebhookSender.Wait(response.Headers.RetryAfter, Now) is { } wait ? new(wait) : null;
    }

    private static string CheckWait(byte[] text, Found<TimeSpan> asked)
    {
        for (var attempts = 1; attempts < Webhooks.MaxNumberOfAttempts; attempts++)
            foreach (var random in new[] { 0, 0.999 })
            {
                var wait = WebhookSchedule.Next(Webhooks, attempts, Now, Now, asked.Value, random)!.Value;
                Require(wait > TimeSpan.Zero && wait <= Webhooks.MaxRetryInterval * (1 + Webhooks.Jitter),
                    $"{asked.Value.ToString("c", CultureInfo.InvariantCulture)} was asked, {wait} is waited");
            }
        return $"{asked.Value < TimeSpan.Zero} {asked.Value > Webhooks.MaxRetryInterval}";
    }

    public static IReadOnlyList<byte[]> Texts(params string[] texts) => [.. texts.Select(RequestSeeds.Text)];

    public static string Latin1(byte[] text) => Encoding.Latin1.GetString(text);

    public static string[] Lines(byte[] text) => Latin1(text).Split('\n');

    private static string? Line(byte[] text, int number) =>
        Lines(text).ElementAtOrDefault(number) is { Length: > 0 } line ? line : null;

    private static HttpRequest With(string header, byte[] text)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers[header] = Latin1(text).Split('\n');
        return request;
    }
}
