using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using RemoveBg.Core.Artworks;
using RemoveBg.Functions.Web;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

public sealed partial class StudioTests
{
    private static IEnumerable<string> Codes() =>
        typeof(ArtworkFailure).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    [Test]
    public async Task Each_failure_code_has_a_title_a_reason_and_a_way_on()
    {
        var service = await FakeService.StartAsync(Page);
        var titles = new List<string>();
        foreach (var code in Codes())
        {
            service.Failure = _ => code;
            await Page.GotoAsync("about:blank");
            await Page.GotoAsync(Url(_host));
            await Page.FillAsync("#url", "https://images.example.com/lamp.jpg");
            await Page.Keyboard.PressAsync("Enter");
            if (code == ArtworkFailure.NoForeground)
            {
                await _page.UntilAsync("nosubject");
                Assert.That(await Page.TextContentAsync("#no-subject h2"), Is.EqualTo("No subject found"));
                continue;
            }
            var (title, text, shown) = await _page.UntilFailedAsync();
            Assert.That(shown, Is.EqualTo(code));
            Assert.That(title, Is.Not.EqualTo("The photo could not be cut out"), $"{code} has words of its own");
            Assert.That(text, Has.Length.GreaterThan(10));
            Assert.That(await Page.Locator("#problem button:visible").CountAsync(), Is.GreaterThan(0), code);
            titles.Add(title);
        }
        Assert.That(titles, Is.Unique);
    }

    [Test]
    public async Task A_failed_address_can_be_corrected_where_it_failed()
    {
        await Page.FillAsync("#url", _caller.Url + "/nothing.jpg");
        await Page.Keyboard.PressAsync("Enter");
        var (title, text, code) = await _page.UntilFailedAsync();
        Assert.That((title, code), Is.EqualTo(("No photo at that address", "image_unreachable")));
        Assert.That(text, Does.Contain("404").And.EndWith("Check the address."));
        await Page.FillAsync("#again-url", _carUrl);
        await Page.Keyboard.PressAsync("Enter");
        await _page.UntilResultAsync();
    }

    [Test]
    public async Task A_file_that_is_not_an_image_is_refused_by_name()
    {
        await _page.ChooseAsync("notes.txt", "text/plain", "hello"u8.ToArray());
        Assert.That((await _page.UntilFailedAsync()).Text,
            Is.EqualTo("notes.txt is not an image. Use JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF or JPEG XL."));
        await _page.ChooseAsync("broken.jpg", "image/jpeg", "hello"u8.ToArray());
        await Assertions.Expect(Page.Locator("#problem-code")).ToHaveTextAsync("unsupported_format");
        await _page.ScreenshotAsync($"{device}-refused");
    }

    [Test]
    public async Task A_file_that_is_too_large_is_not_sent()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "large.jpg");
        await using (var large = File.Create(path)) large.SetLength(16 * 1024 * 1024);
        await _page.ChooseAsync(path);
        var (title, text, _) = await _page.UntilFailedAsync();
        Assert.That(title, Is.EqualTo("The file is too large"));
        Assert.That(text, Is.EqualTo("large.jpg has 16.0 MB. Up to 16.0 MB from here, 25.0 MB by address. "
            + "Make it smaller."));
        Assert.That(_page.Requested, Has.None.Contain("/v2/"));
    }

    [Test]
    public async Task Names_and_messages_are_shown_as_text()
    {
        const string attack = "<img src=x onerror=document.title='owned'>.jpg";
        var service = await FakeService.StartAsync(Page);
        service.Failure = _ => ArtworkFailure.ImageCorrupt;
        service.Message = attack;
        await _page.ChooseAsync(attack, "image/jpeg", Mug);
        await _page.UntilFailedAsync();
        Assert.That(await Page.TextContentAsync("#name"), Is.EqualTo(attack));
        Assert.That(await Page.TextContentAsync("#problem-text"), Does.Contain(attack));
        Assert.That(await Page.Locator("img[src=x]").CountAsync(), Is.Zero);
        await Page.GotoAsync("about:blank");
        await Page.GotoAsync(Url(_host) + "#photos=<img src=x onerror=alert(1)>,javascript:alert(1),x&shown=99");
        await _page.UntilAsync("empty");
        Assert.That(_page.Complaints, Is.Empty);
    }

    [Test]
    public async Task The_page_reports_a_server_error_and_a_stopped_server()
    {
        await Page.RouteAsync("**/v2/artworks/remove-background", route => route.FulfillAsync(new()
        {
            Status = 500, ContentType = "application/json",
            Headers = new Dictionary<string, string> { ["Retry-After"] = "5",
                ["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" },
            Body =
                """
                {"message":"Storage is not reachable; nothing was accepted. Try again.","statusCode":500,
                "error":"Internal Server Error"}
                """,
        }));
        await _page.ChooseAsync("car.jpg", "image/jpeg", Car);
        var (title, text, _) = await _page.UntilFailedAsync();
        Assert.That(title, Is.EqualTo("The service failed"));
        Assert.That(text, Does.StartWith("Storage is not reachable; nothing was accepted. Try again.").And
            .EndWith("ID 4bf92f3577b34da6a3ce929d0e0e4736"));

        await Page.UnrouteAllAsync();
        await Page.RouteAsync("**/v2/**", route => route.AbortAsync());
        await Page.ClickAsync("#again");
        await Assertions.Expect(Page.Locator("#problem-title")).ToHaveTextAsync("The service does not answer");
        Assert.That(await Page.TextContentAsync("#problem-text"), Does.StartWith("Is it still running?"));

        await Page.UnrouteAllAsync();
        await Page.ClickAsync("#again");
        await _page.UntilResultAsync();
    }

    [Test]
    public async Task A_photo_whose_event_stream_is_refused_asks_again()
    {
        await FakeService.StartAsync(Page);
        var asked = 0;
        await Page.RouteAsync("**/events", route => asked++ > 0 ? route.FallbackAsync() : route.FulfillAsync(new()
        {
            Status = 429, ContentType = "application/json",
            Body =
                """
                {"message":"The key has 2 waiting requests open.","statusCode":429,"error":"Too Many Requests"}
                """,
        }));
        await _page.ChooseAsync("car.jpg", "image/jpeg", Car);
        await _page.UntilResultAsync();
        Assert.That(asked, Is.GreaterThan(1));
    }

    [Test]
    public async Task A_service_that_goes_away_and_comes_back_loses_no_photo()
    {
        var held = _caller.ServeHeld(Repo.Sample("scene-mug.jpg"));
        await Page.RouteAsync("**/events", route => route.AbortAsync());
        await Page.FillAsync("#url", held.Url);
        await Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(Page.Locator("#step")).ToHaveTextAsync("The service does not answer");
        Assert.That(await Page.TextContentAsync("#step-more"), Is.EqualTo("Trying again. The photo is not lost."));
        held.Answer.TrySetResult();
        await Page.UnrouteAllAsync();
        await _page.UntilResultAsync();
    }

    [Test]
    public async Task On_a_slow_line_the_page_counts_and_can_be_canceled()
    {
        var devtools = await Page.Context.NewCDPSessionAsync(Page);
        await SlowAsync(40_000);
        await _page.ChooseAsync(Repo.Sample("scene-fur.jpg"));
        await Page.WaitForFunctionAsync(
            "() => /^Uploading, [1-9]\\d? %$/.test(document.getElementById('step').textContent)");
        Assert.That(await Page.TextContentAsync("#step-more"), Does.Match(@"^0\.\d of 0\.2 MB"));
        await Page.ClickAsync("#cancel");
        await _page.UntilAsync("canceled");
        Assert.That((await Page.TextContentAsync("#problem-title"), await Page.TextContentAsync("#problem-text")),
            Is.EqualTo(("Canceled", "The photo is still here.")));
        Assert.That(await Page.IsVisibleAsync("#problem > .bad"), Is.False, "it is no error");
        Assert.That((await _page.PixelAsync(0.5, 0.1))[3], Is.EqualTo(255), "the photo is in sight");
        await SlowAsync(-1);
        Assert.That(await Page.TextContentAsync("#again span"), Is.EqualTo("Cut out"));
        await Page.ClickAsync("#again");
        await _page.UntilResultAsync();

        Task SlowAsync(int bytesPerSecond) => devtools.SendAsync("Network.emulateNetworkConditions", new()
        {
            ["offline"] = false, ["latency"] = 0, ["downloadThroughput"] = -1,
            ["uploadThroughput"] = bytesPerSecond,
        });
    }

    [Test]
    public async Task A_running_artwork_can_be_canceled()
    {
        var held = _caller.ServeHeld(Repo.Sample("scene-mug.jpg"));
        await Page.FillAsync("#url", held.Url);
        await Page.ClickAsync("#url-form button");
        await held.Asked;
        await Page.ClickAsync("#cancel");
        await _page.UntilAsync("canceled");
        Assert.That((await _page.UntilFailedAsync()).Title, Is.EqualTo("Canceled"));
        held.Answer.TrySetResult();
    }

    [Test]
    public async Task Without_a_subject_the_photo_stays_and_a_box_leads_on()
    {
        var service = await FakeService.StartAsync(Page, """
            async () => {
              const canvas = new OffscreenCanvas(320, 213);
              canvas.getContext("2d").clearRect(0, 0, 320, 213);
              return canvas.convertToBlob({ type: "image/png" });
            }
            """);
        await _page.ChooseAsync("wall.jpg", "image/jpeg", Car);
        await _page.UntilAsync("nosubject");
        Assert.That(await Page.TextContentAsync("#no-subject-text"), Does.StartWith("The model took the whole photo"));
        await _page.UntilPixelAsync(0.98, 0.05, Is.EqualTo(PhotoAt(0.98, 0.05)).Within(3), "untouched");

        await Page.ClickAsync("#draw-box");
        await Page.FocusAsync("[data-corner=nw]");
        await Page.Keyboard.PressAsync("Shift+ArrowLeft");
        var sent = await Page.RunAndWaitForRequestAsync(() => Page.ClickAsync("#box-cut"),
            request => request.Url.EndsWith("/remove-background", StringComparison.Ordinal));
        Assert.That(sent.PostData, Does.Contain("name=\"roi\"").And.Contain("70 53 240 160"));
        await _page.UntilAsync("nosubject");
        Assert.That(await Page.TextContentAsync("#no-subject-text"), Does.StartWith("There is none inside the box."));

        await Page.ClickAsync("#keep-all");
        await _page.UntilResultAsync();
        Assert.That(Picture.Read((await _page.DownloadAsync("png")).File).MeanAlpha(), Is.EqualTo(1));
        Assert.That(service.Submitted, Is.EqualTo(2));
    }

    [Test]
    public async Task Doubt_is_said_in_words()
    {
        var service = await FakeService.StartAsync(Page);
        service.Confidence = 0.71;
        await _page.ChooseAsync("car.jpg", "image/jpeg", Car);
        await _page.UntilResultAsync();
        Assert.That(await Page.TextContentAsync("#fact-text"), Is.EqualTo("71 % sure. Worth a closer look"));
        await Page.ClickAsync("#fact");
        Assert.That(await Page.TextContentAsync("#pop-title"), Is.EqualTo("71 % sure of the subject"));
        Assert.That(await Page.TextContentAsync("#pop-better"),
            Does.StartWith("A better model is not installed here: isnet-general-use."));
        await Page.Keyboard.PressAsync("Escape");
        Assert.That(await FocusedAsync(), Is.EqualTo("fact"));
    }

    [Test]
    public async Task Another_model_that_is_installed_cuts_the_photo_out_again()
    {
        await Page.RouteAsync(Url(_host), async route =>
        {
            var page = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = page, Body = (await page.TextAsync())
                .Replace("\"isInstalled\":false", "\"isInstalled\":true", StringComparison.Ordinal) });
        });
        await Page.ReloadAsync();
        await FakeService.StartAsync(Page);
        await _page.ChooseAsync("car.jpg", "image/jpeg", Car);
        await _page.UntilResultAsync();
        await Page.ClickAsync("#fact");
        var sent = await Page.RunAndWaitForRequestAsync(() => _page.PickAsync("model", "u2netp"),
            request => request.Url.EndsWith("/remove-background", StringComparison.Ordinal));
        Assert.That(sent.PostData, Does.Contain("name=\"model\"").And.Contain("u2netp"));
        await _page.UntilResultAsync();
        Assert.That(await Page.TextContentAsync("#fact-more"), Does.StartWith("u2netp, "));
    }

    [Test]
    public async Task In_production_it_asks_for_a_key_and_keeps_it_in_memory_only()
    {
        await using var production =
            await RunningHost.StartAsync(services: all => all.AddSingleton(new PageSettings(DevelopmentKey: null)));
        await using var page = await StudioPage.OpenAsync(_browser, Url(production), width, height);
        Assert.That(await page.Page.ContentAsync(), Does.Not.Contain("rbg_q").And.Contain("\"developmentKey\":null"));
        Assert.That(await page.StateAsync(), Is.EqualTo("key"));
        await page.ChooseAsync("mug.jpg", "image/jpeg", Mug);
        var problem = page.Page.Locator("#key-problem");
        await Assertions.Expect(problem).ToHaveTextAsync("An API key is required: enter one here.");
        await page.Page.FillAsync("#key", "rbg_unknown");
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(problem).ToHaveTextAsync("The API key is not known.");

        // The photo has waited for the key.
        var key = await production.AddKeyAsync("visitor", ratePerMinute: 1, burst: 1);
        await page.Page.FillAsync("#key", key);
        await page.Page.Keyboard.PressAsync("Enter");
        await page.UntilResultAsync();
        Assert.That(await page.Page.EvaluateAsync<string>("() => JSON.stringify([localStorage, sessionStorage, "
            + "document.cookie, location.href])"), Does.Not.Contain(key));
        Assert.That(await page.Page.EvaluateAsync<string>("""
            async () => {
              const open = indexedDB.open("removebg");
              await new Promise(done => (open.onsuccess = done));
              const all = open.result.transaction("photos").objectStore("photos").getAll();
              await new Promise(done => (all.onsuccess = done));
              return JSON.stringify(all.result);
            }
            """), Does.Contain("mug.jpg").And.Not.Contain(key));
        Assert.That(await page.Page.ContentAsync(), Does.Not.Contain(key));

        // The rate limit is reported, too, and waited for.
        await page.ChooseAsync("mug.jpg", "image/jpeg", Mug);
        await Assertions.Expect(page.Page.Locator("#step")).ToHaveTextAsync("Too many at once");
        Assert.That(await page.Page.TextContentAsync("#step-more"), Does.Match(@"^Goes on in \d+ s$"));
        await page.Page.ClickAsync("#cancel");
        await page.UntilAsync("canceled");

        // After a reload the key is gone, and with it the photos come back.
        await page.Page.ReloadAsync();
        Assert.That(await page.Page.InputValueAsync("#key"), Is.Empty);
        await page.UntilAsync("key");
        await page.Page.FillAsync("#key", key);
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator("#film-words")).ToHaveTextAsync("1 of 2 done");
    }
}
