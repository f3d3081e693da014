using Microsoft.Playwright;

namespace RemoveBg.Tests.Given;

/// <summary>One real Chromium for the test run, found on PATH: nothing is downloaded.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>Without a browser the running tests are skipped, and say why.</summary>
    public static async Task<Browser> StartAsync()
    {
        // The shell without windows comes first: with it, the page tests take half the time.
        string[] names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
            "google-chrome-stable"];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (path is null) Assert.Ignore(
            $"needs a browser on PATH: {string.Join(", ", names)} (as root on Debian, ./test installs the first)");
        var playwright = await Playwright.CreateAsync();
        // Chromium's sandbox cannot be had as root, which containers are.
        return new(playwright, await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = path, Args = Environment.IsPrivilegedProcess ? ["--no-sandbox"] : [] }));
    }

    public Task<IBrowserContext> NewContextAsync(int width, int height, ColorScheme scheme = ColorScheme.Light) =>
        _browser.NewContextAsync(new()
    {
        ViewportSize = new() { Width = width, Height = height },
        IsMobile = width < 600,
        HasTouch = width < 600,
        ColorScheme = scheme,
        ReducedMotion = ReducedMotion.Reduce,
        AcceptDownloads = true,
    });

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
