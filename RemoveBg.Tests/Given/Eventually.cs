using System.Diagnostics;
using System.Net.Http;
using System.Text.Json;

namespace RemoveBg.Tests.Given;

/// <summary>Waits for another process or thread: checks a condition again and again, and fails with a message when the
/// time is up.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Long, for a busy machine. <c>./test --mutants</c> sets a shorter one: most of its changes never come
    /// true.</summary>
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("REMOVEBG_PATIENCE"), out var seconds) ? seconds : 120);

    public static async Task HoldsAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (patience ?? DefaultPatience))
                Assert.Fail($"After {watch.Elapsed.TotalSeconds:0} s this still did not hold: {what}.");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    public static Task HoldsAsync(Func<bool> condition, string what, TimeSpan? patience = null) =>
        HoldsAsync(() => Task.FromResult(condition()), what, patience);

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new AssertionException($"{(int)response.StatusCode} is not JSON: {text}");
        }
    }

    public static string? Text(this JsonElement element, string property) => element.GetProperty(property).GetString();
}
