using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using RemoveBg.Functions.Web;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

[Parallelizable(ParallelScope.Self)]
[TestFixture("desktop", 1280, 900)]
[TestFixture("phone", 390, 844)]
public sealed class TryItPageTests(string device, int width, int height)
{
    private Browser _browser = null!;
    private RunningHost _host = null!;
    private Caller _caller = null!;
    private TryItPage _page = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _browser = await Browser.StartAsync();
        _host = await RunningHost.StartAsync();
        _caller = await Caller.StartAsync();
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_browser is null) return;
        await _host.DisposeAsync();
        await _caller.DisposeAsync();
        await _browser.DisposeAsync();
    }

    [SetUp]
    public async Task Open() => _page = await TryItPage.OpenAsync(_browser, Url(_host), width, height);

    [TearDown]
    public async Task Close() => await _page.DisposeAsync();

    [Test]
    public async Task A_dropped_photo_becomes_a_cut_out()
    {
        await _page.DropAsync("scene-toycar.jpg");
        await _page.UntilResultAsync();
        await _page.ScreenshotAsync($"{device}-result");
        Assert.Multiple(async () =>
        {
            Assert.That(await _page.Page.EvaluateAsync<int[]>("() => { const after = document.getElementById('after'); "
                + "return [after.naturalWidth, after.naturalHeight]; }"), Is.EqualTo(SizeOf("scene-toycar.jpg")));
            Assert.That(await _page.Page.TextContentAsync("#status"), Does.StartWith("Done in "));
            Assert.That(await _page.Page.EvaluateAsync<string>(
                "() => document.querySelector('#steps [aria-current]').textContent"), Is.EqualTo("succeeded"));
        });
    }

    [Test]
    public async Task Its_slider_moves_the_divider_between_original_and_cut_out()
    {
        await _page.ChooseAsync("scene-toycar.jpg");
        await _page.UntilResultAsync();
        await _page.Page.FocusAsync("#slider");
        await _page.Page.Keyboard.PressAsync("End");
        Assert.That(await StyleAsync("#before", "clipPath"), Is.EqualTo("inset(0px 0% 0px 0px)"));
        await _page.Page.Keyboard.PressAsync("Home");
        await _page.Page.Keyboard.PressAsync("ArrowRight");
        Assert.That(await StyleAsync("#before", "clipPath"), Is.EqualTo("inset(0px 99% 0px 0px)"));
        Assert.That(await _page.Page.EvaluateAsync<string>("() => document.getElementById('divider').style.left"),
            Is.EqualTo("1%"));
    }

    [Test]
    public async Task The_divider_can_be_dragged_in_the_image_with_the_mouse()
    {
        await _page.ChooseAsync("scene-toycar.jpg");
        await _page.UntilResultAsync();
        await _page.Page.Locator("#stage").ScrollIntoViewIfNeededAsync();
        var stage = (await _page.Page.Locator("#stage").BoundingBoxAsync())!;
        await _page.Page.Mouse.MoveAsync(stage.X + stage.Width / 2, stage.Y + stage.Height / 2);
        await _page.Page.Mouse.DownAsync();
        await _page.Page.Mouse.MoveAsync(stage.X + stage.Width / 4, stage.Y + stage.Height / 2);
        await _page.Page.Mouse.UpAsync();
        Assert.That(int.Parse(await _page.Page.InputValueAsync("#slider"),
            System.Globalization.CultureInfo.InvariantCulture), Is.EqualTo(25).Within(1));
    }

    [Test]
    public async Task It_zooms_to_the_pixel()
    {
        await _page.ChooseAsync("scene-toycar.jpg");
        await _page.UntilResultAsync();
        await _page.Page.SelectOptionAsync("#zoom", "8");
        var factor = await _page.Page.EvaluateAsync<double>(
            "() => document.getElementById('after').getBoundingClientRect().width * devicePixelRatio / "
            + "document.getElementById('after').naturalWidth");
        Assert.That(factor, Is.EqualTo(8).Within(0.01));
        Assert.That(await StyleAsync("#after", "imageRendering"), Is.EqualTo("pixelated"));
        Assert.That(await _page.Page.EvaluateAsync<bool>("() => document.getElementById('viewport').scrollWidth > "
            + "document.getElementById('viewport').clientWidth"), Is.True);
    }

    [Test]
    public async Task A_new_background_is_shown_and_downloaded_with_the_subject()
    {
        await _page.ChooseAsync("scene-toycar.jpg");
        await _page.UntilResultAsync();
        await _page.Page.EvaluateAsync("() => { const c = document.getElementById('colour'); c.value = '#ff0000'; "
            + "c.dispatchEvent(new Event('input', { bubbles: true })); }");
        Assert.That(await StyleAsync("#stage", "backgroundColor"), Is.EqualTo("rgb(255, 0, 0)"));
        await _page.Page.CheckAsync("#with-background");
        var (_, onRed) = await _page.DownloadAsync("png");
        Assert.That(Picture.Read(onRed)[2, 2], Is.EqualTo(((byte)255, (byte)0, (byte)0, (byte)255)));

        await _page.Page.SetInputFilesAsync("#picture", Repo.Sample("scene-mug.jpg"));
        Assert.That(await StyleAsync("#stage", "backgroundImage"), Does.StartWith("url(\"blob:"));
        await _page.ScreenshotAsync($"{device}-background");
        var (_, onPicture) = await _page.DownloadAsync("png");
        Assert.That(Picture.Read(onPicture).MeanAlpha(), Is.EqualTo(1));
        Assert.That(Picture.Read(onPicture)[2, 2], Is.Not.EqualTo(Picture.Read(onRed)[2, 2]));
    }

    [TestCase("png", (byte)0x89)]
    [TestCase("webp", (byte)'R')]
    public async Task The_cut_out_can_be_downloaded_in_both_formats(string format, byte firstByte)
    {
        await _page.ChooseAsync("scene-toycar.jpg");
        await _page.UntilResultAsync();
        var (name, file) = await _page.DownloadAsync(format);
        Assert.That(name, Does.EndWith("." + format));
        Assert.That(file[0], Is.EqualTo(firstByte));
        Assert.That(Picture.Read(file).MeanAlpha(), Is.InRange(0.02, 0.9));
    }

    [Test]
    public async Task A_url_is_sent_as_json_and_the_page_shows_what_was_sent()
    {
        var url = _caller.Serve(Repo.Sample("scene-mug.jpg"));
        await _page.Page.FillAsync("#url", url);
        await _page.Page.Keyboard.PressAsync("Enter");
        await _page.UntilResultAsync();
        Assert.That(await TabAsync("Request"),
            Does.Contain("Content-Type: application/json").And.Contain($"\"imageUrl\": \"{url}\""));
        Assert.That(await TabAsync("Response"), Does.Contain("\"status\": \"succeeded\"").And.Contain("\"results\""));
        foreach (var language in new[] { "curl", "JavaScript", "Python", "C#" })
            Assert.That(await TabAsync(language), Does.Contain("/v2/artworks").And.Contain(url).And
                .Contain("REMOVEBG_KEY").And.Not.Contain(_host.Secrets.ApiKey));
    }

    [Test]
    public async Task Options_are_sent_and_a_cropped_result_cannot_be_compared()
    {
        await _page.Page.ClickAsync("summary");
        await _page.Page.CheckAsync("[name=crop]");
        await _page.Page.FillAsync("[name=size]", "200");
        await _page.Page.ClickAsync("[data-sample='scene-mug.jpg']");
        await _page.UntilResultAsync();
        Assert.That(await TabAsync("Request"), Does.Contain("\"crop\": true").And.Contain("\"size\": 200"));
        Assert.That(await _page.Page.IsVisibleAsync("#slider-row"), Is.False);
        Assert.That(await _page.Page.EvaluateAsync<int>("() => Math.max(document.getElementById('after').naturalWidth, "
            + "document.getElementById('after').naturalHeight)"), Is.EqualTo(200));
    }

    [Test]
    public async Task A_file_that_is_not_an_image_is_refused_by_name()
    {
        await _page.Page.SetInputFilesAsync("#file",
            new FilePayload { Name = "notes.txt", MimeType = "text/plain", Buffer = "hello"u8.ToArray() });
        Assert.That(await _page.UntilAlertAsync(),
            Is.EqualTo("notes.txt is not an image. Use JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF or JPEG XL."));
        await _page.Page.SetInputFilesAsync("#file",
            new FilePayload { Name = "broken.jpg", MimeType = "image/jpeg", Buffer = "hello"u8.ToArray() });
        await Assertions.Expect(_page.Alert).ToContainTextAsync("unsupported_format");
        await _page.ScreenshotAsync($"{device}-refused");
    }

    [Test]
    public async Task The_page_reports_a_server_error_and_a_stopped_server()
    {
        await _page.Page.RouteAsync("**/v2/artworks/remove-background", route => route.FulfillAsync(new()
        {
            Status = 500, ContentType = "application/json",
                Headers = new Dictionary<string, string> { ["Retry-After"] = "5" },
            Body =
                """
                {"message":"Storage is not reachable; nothing was accepted. Try again.","statusCode":500,
                "error":"Internal Server Error"}
                """,
        }));
        await _page.ChooseAsync("scene-mug.jpg");
        Assert.That(await _page.UntilAlertAsync(),
            Is.EqualTo("Storage is not reachable; nothing was accepted. Try again. Try again in 5 s."));

        await _page.Page.UnrouteAllAsync();
        await _page.Page.RouteAsync("**/v2/**", route => route.AbortAsync());
        await _page.ChooseAsync("scene-mug.jpg");
        await Assertions.Expect(_page.Alert).ToContainTextAsync("The service does not respond");
    }

    [Test]
    public async Task A_running_artwork_can_be_canceled()
    {
        var held = _caller.ServeHeld(Repo.Sample("scene-mug.jpg"));
        await _page.Page.FillAsync("#url", held.Url);
        await _page.Page.ClickAsync("#url-form button");
        await held.Asked;
        await _page.Page.ClickAsync("#cancel");
        Assert.That(await _page.UntilAlertAsync(), Is.EqualTo("Canceled."));
        held.Answer.TrySetResult();
    }

    [Test]
    public async Task In_production_it_asks_for_a_key_and_keeps_it_in_memory_only()
    {
        await using var production =
            await RunningHost.StartAsync(services: all => all.AddSingleton(new PageSettings(DevelopmentKey: null)));
        await using var page = await TryItPage.OpenAsync(_browser, Url(production), width, height);
        Assert.That(await page.Page.ContentAsync(), Does.Not.Contain("rbg_q").And.Contain("\"developmentKey\":null"));
        await page.ChooseAsync("scene-mug.jpg");
        Assert.That(await page.UntilAlertAsync(), Is.EqualTo("An API key is required: enter one above."));
        await page.Page.FillAsync("#key", "rbg_unknown");
        await page.ChooseAsync("scene-mug.jpg");
        await Assertions.Expect(page.Alert).ToHaveTextAsync("The API key is not known.");

        var key = await production.AddKeyAsync("visitor", ratePerMinute: 1, burst: 1);
        await page.Page.FillAsync("#key", key);
        await page.ChooseAsync("scene-mug.jpg");
        await page.UntilResultAsync();
        Assert.That(await page.Page.EvaluateAsync<string>("() => JSON.stringify([localStorage, sessionStorage, "
            + "document.cookie, location.href])"), Does.Not.Contain(key));
        Assert.That(await page.Page.ContentAsync(), Does.Not.Contain(key));

        // The rate limit is reported, too.
        await page.ChooseAsync("scene-mug.jpg");
        Assert.That(await page.UntilAlertAsync(),
            Does.StartWith("The key's rate of 1 submissions per minute").And.Match(@"Try again in \d+ s\.$"));
        await page.Page.ReloadAsync();
        Assert.That(await page.Page.InputValueAsync("#key"), Is.Empty);
    }

    [Test]
    public async Task It_can_be_used_with_the_keyboard_alone()
    {
        await TabToAsync("document.activeElement.dataset.sample === 'scene-toycar.jpg'");
        await _page.Page.Keyboard.PressAsync("Enter");
        await _page.UntilResultAsync();
        Assert.That(await _page.Page.EvaluateAsync<string>("() => document.activeElement.id"),
            Is.EqualTo("result-title"), "the result has the focus");
        await TabToAsync("document.activeElement.id === 'slider'");
        await _page.Page.Keyboard.PressAsync("ArrowRight");
        Assert.That(await _page.Page.InputValueAsync("#slider"), Is.EqualTo("51"));
        await TabToAsync("document.activeElement.getAttribute('role') === 'tab'");
        await _page.Page.Keyboard.PressAsync("End");
        Assert.That(await _page.Page.EvaluateAsync<string>(
            "() => document.querySelector('[role=tab][aria-selected=true]').textContent"), Is.EqualTo("C#"));
        Assert.That(await _page.Page.EvaluateAsync<string>("() => document.activeElement.textContent"),
            Is.EqualTo("C#"));
    }

    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    public async Task Axe_finds_no_violation(ColorScheme scheme)
    {
        await using var page = await TryItPage.OpenAsync(_browser, Url(_host), width, height, scheme);
        Assert.That(await page.ViolationsAsync(), Is.Empty, "before a photo");
        await page.Page.ClickAsync("summary");
        await page.ChooseAsync("scene-fur.jpg");
        await page.UntilResultAsync();
        await page.ScreenshotAsync($"{device}-{scheme}".ToLowerInvariant());
        Assert.That(await page.ViolationsAsync(), Is.Empty, "with a result");
        await page.Page.SetInputFilesAsync("#file",
            new FilePayload { Name = "notes.txt", MimeType = "text/plain", Buffer = "hello"u8.ToArray() });
        await page.UntilAlertAsync();
        Assert.That(await page.ViolationsAsync(), Is.Empty, "with an error");
    }

    [Test]
    public async Task It_loads_nothing_from_elsewhere_and_the_browser_reports_no_problem()
    {
        await _page.ChooseAsync("scene-toycar.jpg");
        await _page.UntilResultAsync();
        await _page.Page.SetInputFilesAsync("#picture", Repo.Sample("scene-mug.jpg"));
        var storage =
            new Uri(_host.Get<Core.Store.StorageClients>().Blobs.Uri.AbsoluteUri).GetLeftPart(UriPartial.Authority);
        Assert.That(_page.Requested.Where(url =>
            !url.StartsWith(Url(_host), StringComparison.Ordinal) && !url.StartsWith(storage, StringComparison.Ordinal)
            && !url.StartsWith("blob:", StringComparison.Ordinal)), Is.Empty);
        Assert.That(_page.Complaints, Is.Empty);
    }

    [Test]
    public async Task It_fits_the_screen()
    {
        await _page.ChooseAsync("scene-toycar.jpg");
        await _page.UntilResultAsync();
        Assert.That(await _page.Page.EvaluateAsync<int>(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"), Is.Zero);
    }

    [Test]
    public async Task The_reference_page_shows_every_operation_without_loading_anything_from_elsewhere()
    {
        await using var page = await TryItPage.OpenAsync(_browser, Url(_host) + "docs", width, height);
        // On a phone the list of operations is folded away.
        foreach (var text in new[] { "Remove the background of a photo", "/v2/artworks/batch" })
            await page.Page.GetByText(text).First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.ScreenshotAsync($"{device}-docs");
        Assert.That(page.Requested.Where(url =>
            !url.StartsWith(Url(_host), StringComparison.Ordinal) && !url.StartsWith("blob:", StringComparison.Ordinal)
            && !url.StartsWith("data:", StringComparison.Ordinal)), Is.Empty);
    }

    private async Task TabToAsync(string reached)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await _page.Page.Keyboard.PressAsync("Tab");
            if (await _page.Page.EvaluateAsync<bool>($"() => {reached}")) return;
        }
        Assert.Fail($"60 presses of Tab do not reach {reached}");
    }

    private async Task<string> TabAsync(string name)
    {
        await _page.Page.GetByRole(AriaRole.Tab, new() { Name = name, Exact = true }).ClickAsync();
        return (await _page.Page.TextContentAsync("#text"))!;
    }

    private Task<string> StyleAsync(string selector, string property) =>
        _page.Page.EvaluateAsync<string>("([selector, property]) => "
            + "getComputedStyle(document.querySelector(selector))[property]", new[] { selector, property });

    private static int[] SizeOf(string sample)
    {
        var picture = Picture.Read(Repo.Sample(sample));
        return [picture.Width, picture.Height];
    }

    private static string Url(RunningHost host) => host.Client.BaseAddress!.AbsoluteUri;
}
