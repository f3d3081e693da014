using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Network;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Servers of photos that point elsewhere.</summary>
public sealed class FetchRedirectTests : ImageFetchTests
{
    private protected override Task<RunningHost> StartHostAsync() => RunningHost.StartAsync(takesWork: false);

    [Test]
    public async Task A_relative_redirect_is_followed()
    {
        Caller.Serve(Repo.Sample("scene-mug.jpg"));
        await using var image = await FetchAsync(Redirect("/moved", "/scene-mug.jpg"));
        Assert.That(image.Length, Is.GreaterThan(100_000));
    }

    [TestCase("http://169.254.169.254/latest/")]
    [TestCase("http://0x7f.1/")]
    [TestCase("//10.0.0.1/x")]
    [TestCase("file:///etc/passwd")]
    [TestCase("http://user@example.com/")]
    [TestCase("http:\\\\10.0.0.1\\")]
    public void A_redirect_to_a_forbidden_address_is_a_final_failure(string location) =>
        AssertFails(Redirect("/bad", location), ArtworkFailure.ImageUrlBlocked, isTransient: false);

    [Test]
    public void Every_known_redirect_ends_as_expected_also_from_https()
    {
        var redirects = Payloads.Of("redirect").ToList();
        var policy = new UrlPolicy(Options.Create(new NetworkOptions()));
        Assert.Multiple(() =>
        {
            foreach (var payload in redirects)
                Assert.That(IsRefused(policy, payload), Is.EqualTo(payload.GetProperty("reject").GetBoolean()),
                    payload.ToString());
        });
    }

    /// <summary>Follows the payload's hops as the fetcher would, with its two judges and
    /// without the network between them.</summary>
    private static bool IsRefused(UrlPolicy policy, JsonElement payload)
    {
        var from = new Uri(payload.Text("url")!);
        foreach (var location in payload.GetProperty("redirects").EnumerateArray())
        {
            using var response = new HttpResponseMessage(HttpStatusCode.Found);
            response.Headers.TryAddWithoutValidation("Location", location.GetString());
            try
            {
                if (policy.Check(ImageFetcher.Redirect(response, from) ?? "", UrlUse.Image, out var next) is not null)
                    return true;
                from = next!;
            }
            catch (Exception problem) when (problem is ArtworkFailedException or UriFormatException)
            {
                return true;
            }
        }
        return false;
    }

    [Test]
    public async Task A_redirect_to_a_signed_path_is_followed_as_written()
    {
        string? seen = null;
        Caller.ServePage("/signed/A~", context =>
        {
            seen = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
            return context.Response.Body.WriteAsync(new byte[10]).AsTask();
        });
        await using var image = await FetchAsync(Redirect("/to-signed", "/signed/%41%7E?s=%2D"));
        Assert.That(seen, Is.EqualTo("/signed/%41%7E?s=%2D"));
    }

    [Test]
    public void A_redirect_loop_ends() =>
        AssertFails(Redirect("/loop", "/loop"), ArtworkFailure.TooManyRedirects, isTransient: false);

    private string Redirect(string path, string location) => Caller.ServePage(path, context =>
    {
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    });
}
