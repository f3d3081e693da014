using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Process;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.CutOut;

/// <summary>The memory budget holds with any network.</summary>
public sealed class PipelineSlotsTests
{
    private const int SmallNetwork = 300;
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("slots").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(0, 1_000, 1)]
    [TestCase(0, 500, 1, Description = "at least one")]
    [TestCase(8, 1_000, 1, Description = "more than fit")]
    [TestCase(8, 1_800, 2)]
    [TestCase(3, 100_000, 3, Description = "fewer than fit")]
    public void The_pipeline_has_as_many_slots_as_fit_into_the_memory_budget(int asked, int megabytes,
        int expected) =>
        Assert.That(PipelineSlots.Count(new() { Concurrency = asked, MemoryBudgetMB = megabytes }, SmallNetwork,
            othersMB: 9), Is.EqualTo(expected));

    [TestCase(2_000, 0, 4, Description = "(10,000 - 200) / (250 + 2,000)")]
    [TestCase(SmallNetwork, 400, 11, Description = "(10,000 - 200 - 350) / 800")]
    [TestCase(20_000, 0, 1, Description = "at least one")]
    public void A_larger_network_or_large_files_of_other_networks_leave_fewer_slots(int network, int others,
        int expected) =>
        Assert.That(PipelineSlots.Count(new() { Concurrency = 64, MemoryBudgetMB = 10_000 }, network, others),
            Is.EqualTo(expected));

    [Test]
    public void The_default_is_one_slot_per_core()
    {
        var options = new PipelineOptions {
            MemoryBudgetMB = PipelineOptions.BaseMB + Environment.ProcessorCount * PipelineOptions.ArtworkMB };
        Assert.That(PipelineSlots.Count(options, SmallNetwork, othersMB: 0), Is.EqualTo(Environment.ProcessorCount));
    }

    [TestCase(SmallNetwork, SmallNetwork, 8, 1)]
    [TestCase(SmallNetwork, 2_000, 8, 1, Description = "smaller than the configured one")]
    [TestCase(2_000, SmallNetwork, 8, 3, Description = "2,250 / 800")]
    [TestCase(2_000, SmallNetwork, 2, 2, Description = "capped at all slots")]
    public void An_artwork_with_a_network_larger_than_the_configured_one_takes_several_slots(int network,
        int configured, int all, int expected) =>
        Assert.That(PipelineSlots.SlotsFor(network, configured, all), Is.EqualTo(expected));

    [Test]
    public void Loading_a_network_measures_its_memory()
    {
        using var small = Networks.Shipped();
        Assert.That(small.MemoryMB, Is.LessThan(250));
        using var large = Segmenter.Open(LargeNetwork.WrittenTo(_folder), new());
        Assert.That(large.MemoryMB, Is.InRange(380, 700), "32 times 3 planes of 1024 x 1024 floats are 403 MB");
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Working_memory_is_released_after_each_run_unless_the_network_keeps_it(bool keepsMemory)
    {
        var before = Environment.WorkingSet;
        using var network = Segmenter.Open(LargeNetwork.WrittenTo(_folder), new(), keepsMemory);
        var (file, _) = network.CutOut(File.ReadAllBytes(Repo.Sample("scene-mug.jpg")), OutputFormat.Png);
        Assert.That(file, Is.Not.Empty);
        var after = (Environment.WorkingSet - before) / 1_000_000;
        Assert.That(after, keepsMemory ? Is.GreaterThan(350) : Is.LessThan(250));
    }
}
