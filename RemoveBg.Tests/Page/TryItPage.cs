using System.Collections.Concurrent;
using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

/// <summary>The page in a browser, with its unexpected requests and errors.</summary>
internal sealed class TryItPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly ConcurrentQueue<string> _requested = [];

    private TryItPage(IBrowserContext context, IPage page)
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

    public ILocator Result => Page.Locator("#result");

    public static async Task<TryItPage> OpenAsync(Browser browser, string url, int width, int height,
        ColorScheme scheme = ColorScheme.Light)
    {
        var context = await browser.NewContextAsync(width, height, scheme);
        context.SetDefaultTimeout(30_000);
        var opened = new TryItPage(context, await context.NewPageAsync());
        await opened.Page.GotoAsync(url);
        return opened;
    }

    public Task ChooseAsync(string sample) => Page.SetInputFilesAsync("#file", Repo.Sample(sample));

    /// <summary>Drops a file as if dragged from the desktop.</summary>
    public async Task DropAsync(string sample)
    {
        var data = await Page.EvaluateHandleAsync("""
            ([name, base64]) => {
              const transfer = new DataTransfer();
              const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
              transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
              return transfer;
            }
            """, new[] { sample, Convert.ToBase64String(await File.ReadAllBytesAsync(Repo.Sample(sample))) });
        foreach (var type in new[] { "dragenter", "dragover", "drop" })
            await Page.DispatchEventAsync("#drop", type, new { dataTransfer = data });
    }

    public async Task UntilResultAsync()
    {
        var first = await Page.WaitForSelectorAsync("#result:visible, #problem:visible");
        Assert.That(await Alert.IsVisibleAsync(), Is.False, () => Alert.TextContentAsync().GetAwaiter().GetResult()!);
        Assert.That(first, Is.Not.Null);
    }

    public async Task<string> UntilAlertAsync()
    {
        await Alert.WaitForAsync();
        return (await Alert.TextContentAsync())!;
    }

    public async Task<(string Name, byte[] File)> DownloadAsync(string format)
    {
        var download =
            await Page.RunAndWaitForDownloadAsync(() => Page.ClickAsync($"#downloads button[data-format={format}]"));
        return (download.SuggestedFilename, await File.ReadAllBytesAsync(await download.PathAsync()));
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
    public async Task ScreenshotAsync(string name)
    {
        var path = Path.Combine(Repo.Root, "artifacts", "test", "screens", $"{name}.png");
        await Page.ScreenshotAsync(new() { Path = path, FullPage = true });
        TestContext.AddTestAttachment(path);
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
