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
    public void A_provider_that_the_runtime_lacks_fails_startup_and_lists_the_available_ones(string provider) =>
        Assert.That(() => Start(provider), Throws.TypeOf<OptionsValidationException>()
            .With.Message.EqualTo("RemoveBg:Model:Provider must be one of "
                + $"{string.Join(", ", ExecutionProvider.Available)} (this build of ONNX Runtime), not '{provider}'."));

    [Test]
    public void The_cpu_is_the_default_and_always_available()
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
