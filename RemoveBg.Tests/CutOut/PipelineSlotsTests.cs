using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Process;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.CutOut;

/// <summary>The memory budget holds whatever the network.</summary>
public sealed class PipelineSlotsTests
{
    private const int SmallNetwork = 300;
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("slots").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(0, 1_000, 1)]
    [TestCase(0, 500, 1, Description = "one always fits")]
    [TestCase(8, 1_000, 1, Description = "asked for more than fit")]
    [TestCase(8, 1_800, 2)]
    [TestCase(3, 100_000, 3, Description = "asked for less")]
    public void As_many_artworks_are_in_the_pipeline_as_the_memory_budget_holds(int asked, int megabytes,
        int expected) =>
        Assert.That(PipelineSlots.Count(new() { Concurrency = asked, MemoryBudgetMB = megabytes }, SmallNetwork,
            othersMB: 9), Is.EqualTo(expected));

    [TestCase(2_000, 0, 4, Description = "(10,000 - 200) / (250 + 2,000)")]
    [TestCase(SmallNetwork, 400, 11, Description = "(10,000 - 200 - 350) / 800")]
    [TestCase(20_000, 0, 1, Description = "one always does")]
    public void Fewer_are_with_a_network_that_needs_more_and_with_large_files_of_others(int network, int others,
        int expected) =>
        Assert.That(PipelineSlots.Count(new() { Concurrency = 64, MemoryBudgetMB = 10_000 }, network, others),
            Is.EqualTo(expected));

    [Test]
    public void Without_a_number_there_is_one_artwork_a_core_in_the_pipeline()
    {
        var options = new PipelineOptions {
            MemoryBudgetMB = PipelineOptions.BaseMB + Environment.ProcessorCount * PipelineOptions.ArtworkMB };
        Assert.That(PipelineSlots.Count(options, SmallNetwork, othersMB: 0), Is.EqualTo(Environment.ProcessorCount));
    }

    [TestCase(SmallNetwork, SmallNetwork, 8, 1)]
    [TestCase(SmallNetwork, 2_000, 8, 1, Description = "a smaller one than the configured")]
    [TestCase(2_000, SmallNetwork, 8, 3, Description = "2,250 / 800")]
    [TestCase(2_000, SmallNetwork, 2, 2, Description = "all there are")]
    public void An_artwork_with_a_larger_network_than_the_configured_one_takes_several_places(int network,
        int configured, int all, int expected) =>
        Assert.That(PipelineSlots.PlacesOf(network, configured, all), Is.EqualTo(expected));

    [Test]
    public void What_a_network_takes_is_measured_when_it_is_loaded()
    {
        using var small = Networks.Lite();
        Assert.That(small.MemoryMB, Is.LessThan(250));
        using var large = Segmenter.Open(LargeNetwork.WrittenTo(_folder), new());
        Assert.That(large.MemoryMB, Is.InRange(380, 700), "32 times 3 planes of 1024 x 1024 floats are 403 MB");
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_network_asked_for_by_name_gives_its_working_memory_back_after_each_run(bool keepsMemory)
    {
        var before = Environment.WorkingSet;
        using var network = Segmenter.Open(LargeNetwork.WrittenTo(_folder), new(), keepsMemory);
        var (file, _) = network.CutOut(File.ReadAllBytes(Repo.Sample("scene-mug.jpg")), OutputFormat.Png);
        Assert.That(file, Is.Not.Empty);
        var after = (Environment.WorkingSet - before) / 1_000_000;
        Assert.That(after, keepsMemory ? Is.GreaterThan(350) : Is.LessThan(250));
    }
}
