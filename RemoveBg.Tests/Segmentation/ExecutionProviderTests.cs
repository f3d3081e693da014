using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Segmentation;

public sealed class ExecutionProviderTests
{
    [TestCase("cuda")]
    [TestCase("warp-drive")]
    public void A_provider_that_the_runtime_lacks_stops_the_start_and_says_which_there_are(string provider) =>
        Assert.That(() => Start(provider), Throws.TypeOf<OptionsValidationException>()
            .With.Message.EqualTo($"RemoveBg:Model:Provider is '{provider}'; this build of ONNX Runtime "
                + $"has {string.Join(", ", ExecutionProvider.Available)}."));

    [Test]
    public void The_cpu_is_the_default_and_always_there()
    {
        Assert.That(Start(null).Provider, Is.EqualTo("cpu"));
        Assert.That(ExecutionProvider.Available, Does.Contain("cpu"));
    }

    private static ModelOptions Start(string? provider)
    {
        var settings = new Dictionary<string, string?>();
        if (provider is not null) settings["RemoveBg:Model:Provider"] = provider;
        using var services = new ServiceCollection().AddLogging()
            .AddRemoveBg(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).BuildServiceProvider();
        return services.GetRequiredService<IOptions<ModelOptions>>().Value;
    }
}
