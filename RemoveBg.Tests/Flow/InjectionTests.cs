using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Text of callers that is no text, or that would begin a line or a header of its own.</summary>
public sealed class InjectionTests
{
    private const string Submit = "POST /v2/artworks/remove-background HTTP/1.1\r\n";
    private const string Json = "Content-Type: application/json\r\n";
    private const string Good = """{"imageUrl":"https://example.com/a.png"}""";

    private RunningHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await RunningHost.StartAsync(takesWork: false);

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    private string Key => $"Authorization: Bearer {_host.Secrets.ApiKey}";

    // Latin-1 characters stand for bytes: \xFF never occurs in UTF-8, \xED\xA0\x80 would be a lone surrogate, and
    // \xC0\xAF is an overlong slash.
    [Test]
    public async Task Bytes_that_are_no_utf8_get_400(
        [Values("\xFF", "\xED\xA0\x80", "\xC0\xAF", "\xE2\x82")] string bytes)
    {
        var encoded = string.Concat(bytes.Select(c => $"%{(int)c:X2}"));
        var form = $"--x\r\nContent-Disposition: form-data; name=imageUrl\r\n\r\nhttps://example.com/{bytes}\r\n";
        (string What, string Head, string Body)[] requests =
        [
            ("JSON", Submit + Json + Key, Good.Replace("a.png", bytes, StringComparison.Ordinal)),
            ("name in JSON", Submit + Json + Key, Good.Replace("imageUrl", bytes, StringComparison.Ordinal)),
            ("form field", $"{Submit}Content-Type: multipart/form-data; boundary=x\r\n{Key}", $"{form}--x--\r\n"),
            ("form name", $"{Submit}Content-Type: multipart/form-data; boundary=x\r\n{Key}",
                $"{form.Replace("name=imageUrl", $"name=\"{bytes}\"", StringComparison.Ordinal)}--x--\r\n"),
            ("drop-in form", "POST /v1.0/removebg HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                + Key, $"image_url=https://example.com/{bytes}"),
            ("encoded drop-in form", "POST /v1.0/removebg HTTP/1.1\r\n"
                + $"Content-Type: application/x-www-form-urlencoded\r\n{Key}",
                $"image_url=https://example.com/a&format={encoded}"),
            ("query", $"GET /v2/artworks?limit={encoded}&cursor={encoded}&status={encoded} HTTP/1.1\r\n{Key}", ""),
            ("Idempotency-Key", $"{Submit}{Json}Idempotency-Key: {bytes}\r\n{Key}", Good),
            ("Prefer", $"{Submit}{Json}Prefer: wait={bytes}\r\n{Key}", Good),
            ("Content-Type", $"{Submit}Content-Type: application/json; charset={bytes}\r\n{Key}", Good),
            ("path", $"GET /v2/artworks/{bytes} HTTP/1.1\r\n{Key}", ""),
        ];
        foreach (var (what, head, body) in requests)
        {
            var (status, response) = await RawHttp.SendAsync(_host.Client.BaseAddress!, head, body);
            Assert.That(status, Is.EqualTo(400), $"{what}: {response}");
        }
    }

    /// <summary>Such a path names no artwork.</summary>
    [Test]
    public async Task Encoded_bytes_that_are_no_utf8_are_an_unknown_path(
        [Values("%FF", "%ED%A0%80", "%C0%AF", "%0D%0A", "%E2%82")] string text,
        [Values("v2/artworks/", "v2/artworks/0e8c66a2-98a7-4f95-8c6b-0b9d1c1a7a55/", "assets/", "")] string folder)
    {
        var (status, response) = await RawHttp.SendAsync(_host.Client.BaseAddress!,
            $"GET /{folder}{text} HTTP/1.1\r\n{Key}");
        Assert.That(status, Is.AnyOf(400, 404), response);
    }

    [Test]
    public async Task Line_breaks_of_a_caller_begin_no_header_of_a_response(
        [Values("\r\nInjected: 1", "\rInjected: 1", "\nInjected: 1", "%0d%0aInjected: 1", "\\r\\nInjected: 1",
            "\u0085Injected: 1", "\0Injected: 1")] string text)
    {
        (string What, string Head, string Body)[] requests =
        [
            ("Idempotency-Key", $"{Submit}{Json}Idempotency-Key: a{text}\r\n{Key}", Good),
            ("traceparent", $"{Submit}{Json}traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01{text}"
                + $"\r\n{Key}", Good),
            ("tracestate", $"{Submit}{Json}tracestate: a=b{text}\r\n{Key}", Good),
            ("Prefer", $"{Submit}{Json}Prefer: respond-async{text}\r\n{Key}", Good),
            ("path", $"GET /v2/artworks/a{text.Replace(' ', '+')} HTTP/1.1\r\n{Key}", ""),
            ("webhook", Submit + Json + Key,
                $$"""{"imageUrl":"https://example.com/a","webhook":"https://example.com/{{text}}"}"""),
            ("file name", $"{Submit}Content-Type: multipart/form-data; boundary=x\r\n{Key}",
                $"--x\r\nContent-Disposition: form-data; name=image; filename=\"a{text}\"\r\n\r\nGIF89a\r\n--x--\r\n"),
            ("file type", $"{Submit}Content-Type: multipart/form-data; boundary=x\r\n{Key}",
                $"--x\r\nContent-Disposition: form-data; name=image; filename=a\r\nContent-Type: image/png{text}\r\n"
                    + "\r\nGIF89a\r\n--x--\r\n"),
        ];
        foreach (var (what, head, body) in requests)
        {
            var (status, response) = await RawHttp.SendAsync(_host.Client.BaseAddress!, head, body);
            Assert.That(status, Is.AnyOf(202, 400, 404), $"{what}: {response}");
            Assert.That(response.Split("\r\n\r\n")[0].Split('\r', '\n'),
                Has.None.StartsWith("Injected").IgnoreCase, what);
        }
    }

    [Test]
    public async Task A_webhook_has_no_header_that_its_url_or_the_submission_put_there()
    {
        await using var caller = await Caller.StartAsync();
        await using var host = await RunningHost.StartAsync();
        var names = new ConcurrentBag<string>();
        caller.ServePage("/hook\r\nInjected: 1", context =>
        {
            foreach (var name in context.Request.Headers.Keys) names.Add(name);
            return Task.CompletedTask;
        });
        using var response = await host.SubmitAsync(new
        {
            imageUrl = caller.Url + "/nothing%0d%0aInjected:%201",
            webhook = caller.Url + "/hook%0d%0aInjected:%201",
        }, ("Idempotency-Key", "%0d%0aInjected: 1"), ("tracestate", "injected=%0d%0aInjected: 1"));
        Assert.That((int)response.StatusCode, Is.EqualTo(202));
        await Eventually.HoldsAsync(() => !names.IsEmpty, "the webhook has come");
        Assert.That(names, Has.None.EqualTo("Injected").IgnoreCase.And.Not.Contain("tracestate"));
    }

    /// <summary>The clock breaks, so that the request's path gets into the log. A route takes an id with white space
    /// around it, line breaks included.</summary>
    [TestCase("%0D%0A0e8c66a2-98a7-4f95-8c6b-0b9d1c1a7a55")]
    [TestCase("0e8c66a2-98a7-4f95-8c6b-0b9d1c1a7a55%0A%09")]
    [TestCase("%E2%80%A80e8c66a2-98a7-4f95-8c6b-0b9d1c1a7a55%C2%85")]
    public async Task A_line_break_in_a_path_begins_no_line_of_the_log(string text)
    {
        var log = new HeardLog();
        var clock = new BreakableClock();
        await using var host = await RunningHost.StartAsync(takesWork: false, services: services =>
            services.AddSingleton<TimeProvider>(clock).AddSingleton<ILoggerProvider>(log));
        var key = await host.AddKeyAsync("broken");
        clock.IsBroken = true;
        var (status, response) = await RawHttp.SendAsync(host.Client.BaseAddress!,
            $"GET /v2/artworks/{text} HTTP/1.1\r\nAuthorization: Bearer {key}");
        clock.IsBroken = false;
        Assert.That(status, Is.EqualTo(500), response);
        var line = log.Messages.Single(message => message.Contains("0e8c66a2", StringComparison.Ordinal));
        Assert.That(line.Where(c => char.IsControl(c) || c is '\u2028' or '\u2029'), Is.Empty, line);
    }

    [Test]
    public void An_entry_is_one_line_of_the_console_whatever_is_in_it()
    {
        using var console = new StringWriter { NewLine = "\n" };
        var forged = "a\r\n19:00:00 fail: FORGED\u001b[31m\u2028b\u0085c\0\u202Ed\te";
        new LineFormatter { Clock = new FakeTimeProvider(new(2026, 11, 29, 18, 5, 9, TimeSpan.Zero)) }.Write(
            new LogEntry<string>(LogLevel.Warning, "Category", new(7), forged, new InvalidDataException("x\ny"),
                (state, _) => state), null, console);
        Assert.That(console.ToString(), Is.EqualTo("18:05:09 warn: Category[7] a  19:00:00 fail: FORGED?[31m b?c??d e "
            + "System.IO.InvalidDataException: x y\n"));
    }

    private sealed class BreakableClock : TimeProvider
    {
        public volatile bool IsBroken;

        public override DateTimeOffset GetUtcNow() =>
            IsBroken ? throw new InvalidOperationException("The clock is broken.") : System.GetUtcNow();
    }

    private sealed class HeardLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Messages { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Messages.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
