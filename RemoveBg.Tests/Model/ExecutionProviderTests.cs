using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Process;
using RemoveBg.Core.Process.Model;
using RemoveBg.Core.Process.Pipeline;

namespace RemoveBg.Tests.Model;

public sealed class ExecutionProviderTests
{
    [TestCase("cuda")]
    [TestCase("warp-drive")]
    public void A_provider_that_the_runtime_lacks_stops_the_start_and_says_which_there_are(string provider) =>
        Assert.That(() => Start(provider), Throws.TypeOf<OptionsValidationException>()
            .With.Message.EqualTo($"RemoveBg:Model:Provider is '{provider}'; this build of ONNX Runtime has {string.Join(", ", ExecutionProvider.Available)}."));

    [Test]
    public void The_cpu_is_the_default_and_always_there()
    {
        Assert.That(Start(null).Provider, Is.EqualTo("cpu"));
        Assert.That(ExecutionProvider.Available, Does.Contain("cpu"));
    }

    [TestCase(0, 1_000, 1)]
    [TestCase(0, 500, 1, Description = "one always fits")]
    [TestCase(8, 1_000, 1, Description = "asked for more than fit")]
    [TestCase(8, 1_800, 2)]
    [TestCase(3, 100_000, 3, Description = "asked for less")]
    public void As_many_artworks_are_in_the_pipeline_as_the_memory_budget_holds(int asked, int megabytes, int expected) =>
        Assert.That(PipelineSlots.Count(new() { Concurrency = asked, MemoryBudgetMB = megabytes }), Is.EqualTo(expected));

    [Test]
    public void Without_a_number_there_is_one_artwork_a_core_in_the_pipeline() =>
        Assert.That(PipelineSlots.Count(new() { MemoryBudgetMB = ProcessOptions.BaseMB + Environment.ProcessorCount * ProcessOptions.ArtworkMB }), Is.EqualTo(Environment.ProcessorCount));

    private static ModelOptions Start(string? provider)
    {
        var settings = new Dictionary<string, string?>();
        if (provider is not null) settings["RemoveBg:Model:Provider"] = provider;
        using var services = new ServiceCollection().AddLogging().AddRemoveBg(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).BuildServiceProvider();
        return services.GetRequiredService<IOptions<ModelOptions>>().Value;
    }
}
