using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Segmentation;

public sealed class ModelCacheTests
{
    [TestCase("FlipLimit", "AugmentationLimit decides on all further runs")]
    [TestCase("PaddedInference", "AugmentationLimit decides on all further runs")]
    [TestCase("DoubtLimit", "it is called CascadeLimit now")]
    public async Task Startup_warns_about_a_setting_that_no_longer_exists(string name, string reason)
    {
        Assert.That(typeof(ModelOptions).GetProperty(name), Is.Null);
        Assert.That(await WarningsAsync(($"RemoveBg:Model:{name}", "0.3")),
            Is.EqualTo(new[] { $"RemoveBg:Model:{name} has no effect any more: {reason}" }));
    }

    [Test]
    public async Task Startup_does_not_warn_about_the_settings_that_exist() =>
        Assert.That(await WarningsAsync(("RemoveBg:Model:CascadeLimit", "0.3"), ("RemoveBg:Model:Threads", "1")),
            Is.Empty);

    private static async Task<IReadOnlyList<string>> WarningsAsync(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
        var options = Options.Create(new ModelOptions { Folders = Path.Combine(Repo.Root, "models") });
        using var lines = new LogLines();
        using var log = new LoggerFactory([lines]);
        await using var cache =
            new ModelCache(new(options), options, configuration, log.CreateLogger<ModelCache>());
        await cache.StartAsync(CancellationToken.None);
        return lines.Of(402);
    }
}
