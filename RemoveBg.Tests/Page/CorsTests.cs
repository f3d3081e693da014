using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

/// <summary>A page of another origin that calls the service, in a real browser.</summary>
public sealed class CorsTests
{
    private const string Submit = "/v2/artworks/remove-background";

    [Test]
    public async Task A_page_of_a_named_origin_submits_polls_streams_events_and_reads_the_result()
    {
        await using var site = await Caller.StartAsync();
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Cors:Origins"] = site.Url });
        await using var browser = await Browser.StartAsync();
        var page = await OpenAsync(browser, site);
        var photo = Convert.ToBase64String(await File.ReadAllBytesAsync(Repo.Sample("scene-toycar.jpg")));
        var seen = await page.EvaluateAsync<Seen>("""
            async ([service, key, photo]) => {
              const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json",
                "Idempotency-Key": "cors" };
              const submitted = await fetch(`${service}/v2/artworks/remove-background`, { method: "POST", headers,
                body: JSON.stringify({ imageUrl: `data:image/jpeg;base64,${photo}`, outputFormat: "png" }) });
              const { id } = await submitted.json();
              const events = await fetch(`${service}/v2/artworks/${id}/events`, { headers });
              const stream = await events.text();
              const artwork = await (await fetch(`${service}/v2/artworks/${id}`, { headers })).json();
              const result = await fetch(artwork.results[0]);
              const bitmap = await createImageBitmap(await result.blob());
              const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
              const context = canvas.getContext("2d");
              context.drawImage(bitmap, 0, 0);
              const alpha = context.getImageData(0, 0, 1, 1).data[3];
              return { status: artwork.status, location: submitted.headers.get("Operation-Location"),
                rate: submitted.headers.get("RateLimit"), trace: submitted.headers.get("traceparent"), stream,
                width: bitmap.width, alpha };
            }
            """,
            new object[] { host.Client.BaseAddress!.GetLeftPart(UriPartial.Authority), host.Secrets.ApiKey, photo });
        Assert.Multiple(() =>
        {
            Assert.That(seen.Status, Is.EqualTo("succeeded"));
            Assert.That(seen.Location, Does.Contain("/v2/artworks/"));
            Assert.That(seen.Rate, Does.Contain("r="));
            Assert.That(seen.Trace, Does.StartWith("00-"));
            Assert.That(seen.Stream, Does.Contain("event: status"));
            Assert.That(seen.Width, Is.GreaterThan(100));
            Assert.That(seen.Alpha, Is.Zero, "the corner is background");
        });
    }

    [Test]
    public async Task The_javascript_client_works_in_a_page_of_a_named_origin()
    {
        await using var site = await Caller.StartAsync();
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Cors:Origins"] = site.Url });
        await using var browser = await Browser.StartAsync();
        var module = await File.ReadAllTextAsync(Path.Combine(Repo.Root, "clients", "javascript", "removebg.js"));
        site.ServePage("/removebg.js", context =>
        {
            context.Response.ContentType = "text/javascript";
            return context.Response.WriteAsync(module);
        });
        var page = await OpenAsync(browser, site);
        var photo = Convert.ToBase64String(await File.ReadAllBytesAsync(Repo.Sample("scene-toycar.jpg")));
        var seen = await page.EvaluateAsync<string[]>("""
            async ([service, key, photo]) => {
              // As in a page that came over http from another machine.
              delete Crypto.prototype.randomUUID;
              const { ApiError, ArtworkFailed, RemoveBgClient } = await import("/removebg.js");
              const client = new RemoveBgClient(service, key);
              const file = await (await fetch(`data:image/jpeg;base64,${photo}`)).blob();
              const [seen, options] = [[], { outputFormat: "png", size: 64 }];
              const width = async blob => (await createImageBitmap(blob)).width;

              const events = [];
              const artwork = await client.submit(file, options);
              for await (const now of client.watch(artwork)) events.push(now.status);
              seen.push(events.at(-1));
              const done = await client.wait(artwork);
              seen.push(`bytes ${await width(new Blob([await client.download(done)]))}`);
              seen.push(`stream ${await width(await new Response(await client.downloadStream(done)).blob())}`);

              const batch = await client.submitBatch([file, new File(["no image"], "b.txt")], options);
              const ends = await Promise.allSettled(batch.map(one => client.wait(one)));
              seen.push(ends[0].value.status, String(ends[1].reason instanceof ArtworkFailed));
              let listed = 0;
              for await (const one of client.list({ pageSize: 2 })) listed += one.id ? 1 : 0;
              seen.push(`listed ${listed}`);
              await client.delete(artwork);
              const gone = await client.read(artwork).catch(error => error);
              seen.push(`${gone instanceof ApiError} ${gone.status} ${gone.traceparent?.slice(0, 3)}`);
              return seen;
            }
            """,
            new object[] { host.Client.BaseAddress!.GetLeftPart(UriPartial.Authority), host.Secrets.ApiKey, photo });
        Assert.That(seen, Is.EqualTo(new[]
        {
            "succeeded", "bytes 64", "stream 64", "succeeded", "true", "listed 3", "true 404 00-",
        }));
    }

    [TestCase("")]
    [TestCase("https://other.example.com")]
    public async Task A_page_of_another_origin_is_kept_out(string origins)
    {
        await using var site = await Caller.StartAsync();
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Cors:Origins"] = origins },
            takesWork: false);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, Submit)
        {
            Headers = { { "Origin", site.Url }, { "Access-Control-Request-Method", "POST" } },
        };
        using var client = new HttpClient { BaseAddress = host.Client.BaseAddress };
        using var refused = await client.SendAsync(preflight);
        using var list = new HttpRequestMessage(HttpMethod.Get, "/v2/artworks");
        list.Headers.Add("Origin", site.Url);
        using var listed = await host.Client.SendAsync(list);
        Assert.Multiple(() =>
        {
            foreach (var response in new[] { refused, listed })
                Assert.That(response.Headers.Where(header => header.Key.StartsWith("Access-Control-Allow-Origin",
                    StringComparison.OrdinalIgnoreCase)), Is.Empty);
            Assert.That(listed.Headers.Contains("Access-Control-Expose-Headers"), Is.False);
        });
    }

    [Test]
    public async Task A_preflight_of_a_named_origin_is_answered_for_an_hour_and_without_credentials()
    {
        await using var host = await RunningHost.StartAsync(
            new() { ["RemoveBg:Cors:Origins"] = "https://a.example.com, https://b.example.com:8443" },
            takesWork: false);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, Submit)
        {
            Headers =
            {
                { "Origin", "https://b.example.com:8443" }, { "Access-Control-Request-Method", "POST" },
                { "Access-Control-Request-Headers", "authorization,content-type,idempotency-key" },
            },
        };
        using var client = new HttpClient { BaseAddress = host.Client.BaseAddress };
        using var answered = await client.SendAsync(preflight);
        Assert.Multiple(() =>
        {
            Assert.That((int)answered.StatusCode, Is.EqualTo(204));
            Assert.That(answered.Headers.GetValues("Access-Control-Allow-Origin"),
                Is.EqualTo(new[] { "https://b.example.com:8443" }));
            Assert.That(answered.Headers.GetValues("Access-Control-Max-Age"), Is.EqualTo(new[] { "3600" }));
            Assert.That(answered.Headers.Contains("Access-Control-Allow-Credentials"), Is.False);
        });
    }

    [TestCase("*")]
    [TestCase("https://app.example.com/")]
    [TestCase("app.example.com")]
    [TestCase("https://APP.example.com")]
    public void What_is_no_origin_is_refused_at_the_start_and_named(string origin)
    {
        var refusal = Assert.CatchAsync(() => RunningHost.StartAsync(new() { ["RemoveBg:Cors:Origins"] = origin },
            takesWork: false))!;
        Assert.That(refusal.Message, Does.Contain("RemoveBg:Cors:Origins").And.Contain($"'{origin}'"));
    }

    private static async Task<IPage> OpenAsync(Browser browser, Caller site)
    {
        var url = site.ServePage("/app", context =>
        {
            context.Response.ContentType = "text/html";
            return context.Response.Body.WriteAsync("<!doctype html><title>app</title>"u8.ToArray()).AsTask();
        });
        var page = await (await browser.NewContextAsync(800, 600)).NewPageAsync();
        await page.GotoAsync(url);
        return page;
    }

    private sealed class Seen
    {
        public string? Status { get; set; }

        public string? Location { get; set; }

        public string? Rate { get; set; }

        public string? Trace { get; set; }

        public string? Stream { get; set; }

        public int Width { get; set; }

        public int Alpha { get; set; }
    }
}
