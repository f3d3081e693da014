using System.Collections.Concurrent;
using Microsoft.Playwright;
using NUnit.Framework.Constraints;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Page;

/// <summary>The studio in a browser, with its unexpected requests and errors.</summary>
internal sealed class StudioPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly ConcurrentQueue<string> _requested = [];

    private StudioPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Enqueue($"{message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Request += (_, request) => _requested.Enqueue(request.Url);
    }

    public IPage Page { get; }

    /// <summary>Errors in the browser's console, and violations of the Content-Security-Policy.</summary>
    public IReadOnlyList<string> Complaints => [.. _complaints];

    public IReadOnlyList<string> Requested => [.. _requested];

    public ILocator Alert => Page.Locator("#problem");

    /// <summary>empty, key, working, result, nosubject, box, failed or canceled.</summary>
    public Task<string> StateAsync() => Page.EvaluateAsync<string>("() => document.documentElement.dataset.state");

    public static async Task<StudioPage> OpenAsync(Browser browser, string url, int width, int height,
        ColorScheme scheme = ColorScheme.Light)
    {
        var context = await browser.NewContextAsync(width, height, scheme);
        context.SetDefaultTimeout(30_000);
        var opened = new StudioPage(context, await context.NewPageAsync());
        await opened.Page.GotoAsync(url);
        return opened;
    }

    public Task ChooseAsync(params string[] files) => Page.SetInputFilesAsync("#file", files);

    public Task ChooseAsync(string name, string type, byte[] content) =>
        Page.SetInputFilesAsync("#file", new FilePayload { Name = name, MimeType = type, Buffer = content });

    /// <summary>Drops a file as if dragged from the desktop.</summary>
    public async Task DropAsync(string name, byte[] content)
    {
        var data = await Page.EvaluateHandleAsync("""
            ([name, base64]) => {
              const transfer = new DataTransfer();
              const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
              transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
              return transfer;
            }
            """, new[] { name, Convert.ToBase64String(content) });
        foreach (var type in new[] { "dragenter", "dragover", "drop" })
            await Page.DispatchEventAsync("#drop", type, new { dataTransfer = data });
    }

    /// <summary>Waits for the result on the stage; a failure on the way fails the test with its text.</summary>
    public async Task UntilResultAsync()
    {
        await Page.WaitForFunctionAsync("""
            () => document.documentElement.dataset.state === "failed"
              || document.documentElement.dataset.state === "result" && !document.getElementById("download").disabled
            """);
        Assert.That(await StateAsync(), Is.EqualTo("result"),
            () => Alert.TextContentAsync().GetAwaiter().GetResult()!);
    }

    public Task UntilAsync(string state) =>
        Page.WaitForSelectorAsync($"html[data-state={state}]", new() { State = WaitForSelectorState.Attached });

    /// <summary>Title, text and code of the failure on the stage.</summary>
    public async Task<(string Title, string Text, string Code)> UntilFailedAsync()
    {
        await Alert.WaitForAsync();
        return ((await Page.TextContentAsync("#problem-title"))!, (await Page.TextContentAsync("#problem-text"))!,
            (await Page.TextContentAsync("#problem-code"))!);
    }

    public async Task OpenPanelAsync(string name)
    {
        await Page.ClickAsync(name == "code" ? "#code-toggle" : $"#tool-{name}");
        await Page.Locator($"#panel-{name}").WaitForAsync();
    }

    public Task ClosePanelAsync() => Page.Locator(".panel:visible .close").ClickAsync();

    /// <summary>Chooses a radio button by its value, as a click on its label does.</summary>
    public Task PickAsync(string name, string value) =>
        Page.Locator($"label:has(> input[name='{name}'][value='{value}'])").First.ClickAsync();

    /// <summary>Moves a slider.</summary>
    public Task SlideAsync(string id, int value) => Page.EvaluateAsync("""
        ([id, value]) => {
          const slider = document.getElementById(id);
          slider.value = value;
          slider.dispatchEvent(new Event("input", { bubbles: true }));
        }
        """, new[] { id, $"{value}" });

    public async Task<(string Name, byte[] File)> DownloadAsync(string? format = null)
    {
        if (format is not null)
        {
            await Page.ClickAsync("#formats-toggle");
            await Page.ClickAsync($"[data-format={format}]");
        }
        return await SavedAsync("#download");
    }

    /// <summary>Clicks, and returns the file that the browser saves.</summary>
    public async Task<(string Name, byte[] File)> SavedAsync(string selector)
    {
        var download = await Page.RunAndWaitForDownloadAsync(() => Page.ClickAsync(selector));
        return (download.SuggestedFilename, await File.ReadAllBytesAsync(await download.PathAsync()));
    }

    /// <summary>The picture as it is on the stage, at 100 %.</summary>
    public async Task<Picture> SeenAsync()
    {
        await Page.FocusAsync("#surface");
        await Page.Keyboard.PressAsync("1");
        return Picture.Read(Convert.FromBase64String(await Page.EvaluateAsync<string>("""
            async () => {
              await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
              const canvas = document.getElementById("canvas"), paper = document.getElementById("paper");
              const [x, y, width, height] = ["left", "top", "width", "height"]
                .map(side => Math.round(parseFloat(paper.style[side]) * devicePixelRatio));
              const part = new OffscreenCanvas(width, height);
              part.getContext("2d").drawImage(canvas, x, y, width, height, 0, 0, width, height);
              const bytes = new Uint8Array(await (await part.convertToBlob()).arrayBuffer());
              return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
            }
            """)));
    }

    /// <summary>Colour of the stage's pixel at shares of the picture's width and height.</summary>
    public async Task<int[]> PixelAsync(double x, double y) => await Page.EvaluateAsync<int[]>("""
        async ([x, y]) => {
          await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
          const { style } = document.getElementById("paper");
          const at = ["left", "top", "width", "height"].map(side => parseFloat(style[side]) * devicePixelRatio);
          const context = document.getElementById("canvas").getContext("2d");
          return [...context.getImageData(at[0] + x * at[2], at[1] + y * at[3], 1, 1).data];
        }
        """, new[] { x, y });

    /// <summary>Waits until that pixel is as expected: a busy machine draws some frames later.</summary>
    public Task UntilPixelAsync(double x, double y, IResolveConstraint expected, string what = "the pixel's colour")
    {
        var constraint = expected.Resolve();
        return Eventually.HoldsAsync(async () => constraint.ApplyTo(await PixelAsync(x, y)).IsSuccess, what);
    }

    /// <summary>Runs axe-core (WCAG 2.2 A and AA, and its best practices).</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync()
    {
        await Page.EvaluateAsync(
            await File.ReadAllTextAsync(Path.Combine(Repo.Root, "node_modules", "axe-core", "axe.min.js")));
        return await Page.EvaluateAsync<string[]>("async () => (await axe.run()).violations.flatMap(v => v.nodes.map(n "
            + "=> `${v.id}: ${n.html} ${n.failureSummary}`))");
    }

    /// <summary>A picture of the page among the test run's results.</summary>
    public async Task<byte[]> ScreenshotAsync(string name)
    {
        var path = Path.Combine(Repo.Root, "artifacts", "test", "screens", $"{name}.png");
        var screen = await Page.ScreenshotAsync(new() { Path = path });
        TestContext.AddTestAttachment(path);
        return screen;
    }

    /// <summary>A sample, made small: cut out quickly, and shown whole at 100 % on a phone.</summary>
    public static byte[] Small(string sample, int width = 320)
    {
        using var codec = SKCodec.Create(Repo.Sample(sample));
        using var whole = new SKBitmap(codec.Info);
        Assert.That(codec.GetPixels(codec.Info, whole.GetPixels()), Is.EqualTo(SKCodecResult.Success));
        var size = new SKImageInfo(width, width * whole.Height / whole.Width);
        using var small = whole.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        using var data = small.Encode(SKEncodedImageFormat.Jpeg, 92);
        return data.ToArray();
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
