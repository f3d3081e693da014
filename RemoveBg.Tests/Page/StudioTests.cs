using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

/// <summary>The studio, on both sizes. One host, one browser and one cut-out serve all tests: most open the page at the
/// address of that cut-out.</summary>
[TestFixture("desktop", 1280, 800)]
[TestFixture("phone", 390, 844)]
public sealed partial class StudioTests(string device, int width, int height)
{
    private static readonly byte[] Car = StudioPage.Small("scene-toycar.jpg"), Mug = StudioPage.Small("scene-mug.jpg");

    private Browser _browser = null!;
    private RunningHost _host = null!;
    private Caller _caller = null!;
    private StudioPage _page = null!;
    private string _carUrl = null!, _carId = null!;

    private IPage Page => _page.Page;

    [OneTimeSetUp]
    public async Task Start()
    {
        _browser = await Browser.StartAsync();
        Assertions.SetDefaultExpectTimeout(30_000);
        _host = await RunningHost.StartAsync();
        _caller = await Caller.StartAsync();
        _carUrl = Serve("/toy-car.jpg", Car);
        _carId = (await _host.CutOutAsync(_carUrl, format: "webp")).Text("id")!;
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
    public async Task Open() => _page = await StudioPage.OpenAsync(_browser, Url(_host), width, height);

    [TearDown]
    public async Task Close() => await _page.DisposeAsync();

    [Test]
    public async Task A_dropped_photo_becomes_a_cut_out()
    {
        await _page.DropAsync("car.jpg", Car);
        await _page.UntilResultAsync();
        var car = Picture.Read(Car);
        Assert.Multiple(async () =>
        {
            Assert.That(await Page.TextContentAsync("#dimensions"), Is.EqualTo($"{car.Width} × {car.Height}"));
            Assert.That(await Page.TextContentAsync("#name"), Is.EqualTo("car.jpg"));
            Assert.That(await Page.TextContentAsync("#fact-text"), Does.Match(@"^\d+ % sure"));
            Assert.That(await Page.TextContentAsync("#fact-more"), Does.Match(@"^removebg, \d\.\d\d s$"));
            Assert.That(await Page.TextContentAsync("#said"), Does.StartWith("car.jpg is cut out, "));
        });
    }

    [Test]
    public async Task A_url_is_sent_as_json_and_the_page_shows_what_was_sent()
    {
        await Page.FillAsync("#url", _carUrl);
        await Page.Keyboard.PressAsync("Enter");
        await _page.UntilResultAsync();
        await _page.OpenPanelAsync("code");
        Assert.That(await TabAsync("Request"),
            Does.Contain("Content-Type: application/json").And.Contain($"\"imageUrl\": \"{_carUrl}\""));
        Assert.That(await TabAsync("Response"), Does.Contain("\"status\": \"succeeded\"").And.Contain("\"results\""));
        foreach (var language in new[] { "curl", "JavaScript", "Python", "C#" })
            Assert.That(await TabAsync(language), Does.Contain("/v2/artworks").And.Contain(_carUrl).And
                .Contain("REMOVEBG_KEY").And.Not.Contain(_host.Secrets.ApiKey));
    }

    [Test]
    public async Task An_address_that_is_pasted_or_dropped_anywhere_is_fetched()
    {
        await Page.EvaluateAsync("""
            url => {
              const clipboardData = new DataTransfer();
              clipboardData.setData("text/plain", url);
              document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
            }
            """, _carUrl);
        await _page.UntilResultAsync();
        Assert.That(await Page.TextContentAsync("#name"), Is.EqualTo("toy-car.jpg"));
        await Page.EvaluateAsync("""
            url => {
              const dataTransfer = new DataTransfer();
              dataTransfer.setData("text/uri-list", url);
              document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
            }
            """, _carUrl);
        await Page.WaitForFunctionAsync("() => document.querySelectorAll('#cells .cell').length === 3");
        await _page.UntilResultAsync();
    }

    [Test]
    public async Task An_image_that_is_pasted_is_cut_out()
    {
        await Page.EvaluateAsync("""
            base64 => {
              const clipboardData = new DataTransfer();
              const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
              clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
              document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
            }
            """, Convert.ToBase64String(Car));
        await _page.UntilResultAsync();
        Assert.That(await Page.TextContentAsync("#name"), Is.EqualTo("image.png"));
    }

    [Test]
    public async Task It_can_be_used_with_the_keyboard_alone()
    {
        await TabToAsync("document.activeElement.dataset.sample === 'scene-toycar.jpg'");
        await Page.Keyboard.PressAsync("Enter");
        await _page.UntilResultAsync();
        Assert.That(await FocusedAsync(), Is.EqualTo("surface"), "the result has the focus");
        await TabToAsync("document.activeElement.id === 'slider'");
        await Page.Keyboard.PressAsync("ArrowRight");
        Assert.That(await Page.InputValueAsync("#slider"), Is.EqualTo("51"));

        // A toolbar is one tab stop; arrows reach its tools, Enter opens a panel, Escape gives the focus back.
        await TabToAsync("document.activeElement.closest('#tools')");
        await Page.Keyboard.PressAsync("Home");
        await Page.Keyboard.PressAsync("ArrowRight");
        Assert.That(await FocusedAsync(), Is.EqualTo("tool-background"));
        await Page.Keyboard.PressAsync("Enter");
        Assert.That(await Page.EvaluateAsync<string>("() => document.activeElement.name"), Is.EqualTo("background"));
        await Page.Keyboard.PressAsync("ArrowRight");
        await _page.UntilPixelAsync(0.01, 0.01, Is.EqualTo(new[] { 0xf1, 0xd5, 0x8c, 255 }), "the colour");
        await Page.Keyboard.PressAsync("Escape");
        Assert.That(await FocusedAsync(), Is.EqualTo("tool-background"));

        // Letters act while the stage has the focus.
        await Page.FocusAsync("#surface");
        await Page.Keyboard.PressAsync("s");
        Assert.That(await Page.GetAttributeAsync("#tool-shadow", "aria-pressed"), Is.EqualTo("true"));
        await Page.Keyboard.PressAsync("Control+z");
        await Page.Keyboard.PressAsync("Control+z");
        Assert.That(await Page.GetAttributeAsync("#tool-shadow", "aria-pressed"), Is.EqualTo("false"));
        await _page.UntilPixelAsync(0.01, 0.01, Is.Not.EqualTo(new[] { 0xf1, 0xd5, 0x8c, 255 }), "undone");

        await Page.FocusAsync("#code-toggle");
        await Page.Keyboard.PressAsync("Enter");
        await Page.WaitForFunctionAsync("() => document.activeElement.getAttribute('role') === 'tab'");
        await Page.Keyboard.PressAsync("End");
        Assert.That(await Page.EvaluateAsync<string>(
            "() => document.querySelector('[role=tab][aria-selected=true]').textContent"), Is.EqualTo("Response"));
        Assert.That(await Page.EvaluateAsync<string>("() => document.activeElement.textContent"),
            Is.EqualTo("Response"));
        await Page.Keyboard.PressAsync("Escape");

        await Page.FocusAsync("#surface");
        var download = await Page.RunAndWaitForDownloadAsync(() => Page.Keyboard.PressAsync("d"));
        Assert.That(download.SuggestedFilename, Is.EqualTo("toycar-cutout.png"));
    }

    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    public async Task Axe_finds_no_violation(ColorScheme scheme)
    {
        await using var page = await StudioPage.OpenAsync(_browser, Url(_host), width, height, scheme);
        await ExpectNoViolationAsync("empty");
        await page.Page.GotoAsync(CarAddress);
        await page.UntilResultAsync();
        await ExpectNoViolationAsync("result");
        foreach (var panel in new[] { "background", "crop", "touchup", "code" })
        {
            await page.OpenPanelAsync(panel);
            if (panel == "background") await page.PickAsync("background", "colour");
            await ExpectNoViolationAsync(panel);
            await page.ClosePanelAsync();
        }
        await page.Page.ClickAsync("#formats-toggle");
        await ExpectNoViolationAsync("formats");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.ClickAsync("#fact");
        await ExpectNoViolationAsync("facts");
        await page.ChooseAsync("notes.txt", "text/plain", "hello"u8.ToArray());
        await page.UntilFailedAsync();
        await ExpectNoViolationAsync("failed, with a filmstrip");

        async Task ExpectNoViolationAsync(string what)
        {
            Assert.That(await page.ViolationsAsync(), Is.Empty, what);
            Assert.That(await page.Page.EvaluateAsync<int>(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"), Is.Zero, what);
        }
    }

    [Test]
    public async Task It_loads_nothing_from_elsewhere_and_the_browser_reports_no_problem()
    {
        await _page.ChooseAsync("car.jpg", "image/jpeg", Car);
        await _page.UntilResultAsync();
        await _page.OpenPanelAsync("background");
        await Page.SetInputFilesAsync("#picture", Repo.Sample("scene-mug.jpg"));
        await _page.DownloadAsync("jpeg");
        await Page.ReloadAsync();
        await _page.UntilResultAsync();
        // Results too come from the page's own address.
        Assert.That(_page.Requested.Where(url =>
            !url.StartsWith(Url(_host), StringComparison.Ordinal)
            && !url.StartsWith("blob:", StringComparison.Ordinal)), Is.Empty);
        Assert.That(_page.Complaints, Is.Empty);
    }

    [Test]
    public async Task The_result_needs_no_scrolling()
    {
        await OpenCarAsync();
        var paper = await PaperAsync();
        Assert.That(paper.Y, Is.GreaterThanOrEqualTo(0));
        Assert.That(paper.Y + paper.Height, Is.LessThan(height));
        Assert.That(paper.Width * paper.Height, Is.GreaterThan(0.2 * width * height), "and it is large");
        Assert.That(await Page.EvaluateAsync<int>(
            "() => document.documentElement.scrollHeight - document.documentElement.clientHeight"), Is.Zero);
        Assert.That((await Page.Locator("#download").BoundingBoxAsync())!.Y, Is.LessThan(height - 30));
    }

    [Test]
    public async Task The_first_load_is_small_and_soon_ready_on_a_slow_processor()
    {
        var devtools = await Page.Context.NewCDPSessionAsync(Page);
        await devtools.SendAsync("Network.enable");
        await devtools.SendAsync("Network.setCacheDisabled", new() { ["cacheDisabled"] = true });
        // The thread's own time, six times: other programs on this machine do not count.
        await devtools.SendAsync("Performance.enable", new() { ["timeDomain"] = "threadTicks" });
        long bytes = 0;
        devtools.Event("Network.loadingFinished").OnEvent += (_, data) =>
            Interlocked.Add(ref bytes, (long)data!.Value.GetProperty("encodedDataLength").GetDouble());
        await Page.GotoAsync("about:blank");
        Interlocked.Exchange(ref bytes, 0);
        await Page.GotoAsync(Url(_host), new() { WaitUntil = WaitUntilState.NetworkIdle });
        var first = Interlocked.Read(ref bytes);
        var busy = double.MaxValue;
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await Page.ReloadAsync(new() { WaitUntil = WaitUntilState.NetworkIdle });
            busy = Math.Min(busy, await BusyAsync());
        }
        await devtools.SendAsync("Emulation.setCPUThrottlingRate", new() { ["rate"] = 6 });
        await Page.ReloadAsync(new() { WaitUntil = WaitUntilState.NetworkIdle });
        TestContext.Progress.WriteLine(FormattableString.Invariant($"{device}: first load {first} bytes, ")
            + FormattableString.Invariant($"{busy * 1000:0} ms of work, at 6x ready after ")
            + $"{await Page.GetAttributeAsync("html", "data-ready")} ms");
        Assert.That(first, Is.InRange(20_000, 150_000));
        Assert.That(busy * 6, Is.InRange(0.01, 1.0));

        // Seconds since the navigation.
        async Task<double> BusyAsync()
        {
            var metrics = await devtools.SendAsync("Performance.getMetrics");
            return metrics!.Value.GetProperty("metrics").EnumerateArray()
                .Single(metric => metric.GetProperty("name").GetString() == "TaskDuration")
                .GetProperty("value").GetDouble();
        }
    }

    [Test]
    public async Task The_reference_page_shows_every_operation_without_an_error_or_a_request_elsewhere()
    {
        await using var page = await StudioPage.OpenAsync(_browser, Url(_host) + "docs", width, height);
        // On a phone the list of operations is folded away.
        foreach (var text in new[] { "Remove the background of a photo", "/v2/artworks/batch" })
            await page.Page.GetByText(text).First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.ScreenshotAsync($"{device}-docs");
        Assert.That(page.Complaints, Is.Empty);
        Assert.That(page.Requested.Where(url =>
            !url.StartsWith(Url(_host), StringComparison.Ordinal) && !url.StartsWith("blob:", StringComparison.Ordinal)
            && !url.StartsWith("data:", StringComparison.Ordinal)), Is.Empty);
    }

    private string CarAddress => $"{Url(_host)}#photos={_carId}";

    /// <summary>Opens the page at the address of the cut-out that all tests share.</summary>
    private async Task OpenCarAsync()
    {
        await Page.GotoAsync(CarAddress);
        await _page.UntilResultAsync();
    }

    /// <summary>Serves a photo that pages of other origins may read.</summary>
    private string Serve(string path, byte[] photo) => _caller.ServePage(path, context =>
    {
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.ContentType = "image/jpeg";
        return context.Response.Body.WriteAsync(photo).AsTask();
    });

    private async Task TabToAsync(string reached)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await Page.Keyboard.PressAsync("Tab");
            if (await Page.EvaluateAsync<bool>($"() => Boolean({reached})")) return;
        }
        Assert.Fail($"60 presses of Tab do not reach {reached}");
    }

    private async Task<string> TabAsync(string name)
    {
        await Page.GetByRole(AriaRole.Tab, new() { Name = name, Exact = true }).ClickAsync();
        return (await Page.TextContentAsync("#text"))!;
    }

    private Task<string> FocusedAsync() => Page.EvaluateAsync<string>("() => document.activeElement.id");

    private Task<string> SplitAsync() => Page.EvaluateAsync<string>(
        "() => document.getElementById('compare').style.getPropertyValue('--split')");

    /// <summary>Place of the picture on the page.</summary>
    private async Task<(float X, float Y, float Width, float Height)> PaperAsync()
    {
        var box = (await Page.Locator("#paper").BoundingBoxAsync())!;
        return (box.X, box.Y, box.Width, box.Height);
    }

    private async Task DragAsync(float fromX, float fromY, float toX, float toY)
    {
        await Page.Mouse.MoveAsync(fromX, fromY);
        await Page.Mouse.DownAsync();
        await Page.Mouse.MoveAsync(toX, toY, new() { Steps = 4 });
        await Page.Mouse.UpAsync();
    }

    private static Task TouchAsync(ICDPSession devtools, string type, params (float X, float Y)[] points) =>
        devtools.SendAsync("Input.dispatchTouchEvent", new()
        {
            ["type"] = type,
            ["touchPoints"] = points.Select((point, id) => new { x = point.X, y = point.Y, id }).ToArray(),
        });

    private static int[] PhotoAt(double x, double y)
    {
        var photo = Picture.Read(Car);
        var (r, g, b, a) = photo[(int)(x * photo.Width), (int)(y * photo.Height)];
        return [r, g, b, a];
    }

    private static string Url(RunningHost host) => host.Client.BaseAddress!.AbsoluteUri;
}
