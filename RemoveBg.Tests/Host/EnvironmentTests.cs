using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>Whatever the environment holds, the program reaches its own parts on loopback.</summary>
public sealed class EnvironmentTests
{
    private const string Dead = "http://127.0.0.1:9";

    [TestCase("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")]
    [TestCase("http_proxy", "https_proxy", "all_proxy")]
    [TestCase("Http_Proxy", "Https_Proxy", "All_Proxy")]
    public async Task A_proxy_in_the_environment_does_not_stand_before_storage_photos_and_webhooks(
        params string[] variables) =>
        await CutsOutAsync(variables.ToDictionary(name => name, string? (_) => Dead));

    [TestCase("other.example.com", TestName = "Exceptions from the proxy that do not name loopback change nothing")]
    [TestCase("*", TestName = "Exceptions from the proxy that name everything change nothing")]
    public async Task Exceptions(string exceptions) => await CutsOutAsync(new()
    {
        ["HTTP_PROXY"] = Dead, ["http_proxy"] = Dead, ["ALL_PROXY"] = Dead, ["NO_PROXY"] = exceptions,
        ["no_proxy"] = exceptions,
    });

    [TestCase("tr_TR.UTF-8", "Pacific/Apia")]
    [TestCase("de_DE.UTF-8", "America/St_Johns")]
    [TestCase("ar_SA.UTF-8", "Asia/Kathmandu")]
    [TestCase("C", "")]
    public async Task Any_locale_and_time_zone_will_do(string locale, string zone) => await CutsOutAsync(new()
    {
        ["LANG"] = locale, ["LC_ALL"] = locale, ["LANGUAGE"] = locale, ["TZ"] = zone,
    });

    [Test]
    public async Task Neither_a_home_nor_a_writable_folder_is_needed() => await CutsOutAsync(new()
    {
        ["HOME"] = null, ["XDG_CONFIG_HOME"] = null, ["XDG_CACHE_HOME"] = null, ["USER"] = null,
    }, folder: "/proc");

    private static async Task CutsOutAsync(Dictionary<string, string?> environment, string? folder = null)
    {
        await using var caller = await Caller.StartAsync();
        using var host = await HostProcess.StartAsync(Storage.NewAccount(), environment, folder);
        var id = await host.SubmitAsync(caller.Serve(SmallPhotos.Of("scene-toycar.jpg")), caller.WebhookUrl);
        await Eventually.HoldsAsync(() => caller.Deliveries.Any(delivery => delivery.Text.Contains(id)
            && delivery.Text.Contains("\"succeeded\"")), "the artwork succeeds and is announced");
    }
}
