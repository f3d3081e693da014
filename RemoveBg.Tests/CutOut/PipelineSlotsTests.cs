using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Process;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.CutOut;

/// <summary>The memory budget holds with any network.</summary>
[NonParallelizable] // It measures the memory of the process.
public sealed class PipelineSlotsTests
{
    private const int SmallNetwork = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("slots").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(0, 310, 1)]
    [TestCase(0, -100, 1, Description = "at least one")]
    [TestCase(8, 500, 1, Description = "more than fit")]
    [TestCase(8, 700, 2)]
    [TestCase(3, 100_000, 3, Description = "fewer than fit")]
    public void The_pipeline_has_as_many_slots_as_small_artworks_fit_into_its_memory(int asked, int megabytes,
        int expected) =>
        Assert.That(PipelineSlots.Count(new() { Concurrency = asked }, megabytes, SmallNetwork), Is.EqualTo(expected));

    [Test]
    public void A_larger_network_leaves_fewer_slots() =>
        Assert.That(PipelineSlots.Count(new() { Concurrency = 64 }, 10_000, networkMB: 2_000), Is.EqualTo(4));

    [Test]
    public void The_default_is_one_slot_per_core() => Assert.That(
        PipelineSlots.Count(new(), 1_000 * Environment.ProcessorCount, SmallNetwork),
        Is.EqualTo(Environment.ProcessorCount));

    [TestCase(1, 0, SmallNetwork, 1)]
    [TestCase(12, 0, SmallNetwork, 1)]
    [TestCase(50, 0, SmallNetwork, 2, Description = "300 + 210 MB")]
    [TestCase(50, 50, SmallNetwork, 2, Description = "630 MB")]
    [TestCase(50, 0, 2_000, 6)]
    [TestCase(1, 0, 50_000, 8, Description = "capped at all slots")]
    public void An_artwork_with_a_large_photo_background_or_network_takes_several_slots(int megapixels, int behind,
        int network, int expected) =>
        Assert.That(PipelineSlots.SlotsFor(new(megapixels * 1_000_000L, behind * 1_000_000L), network, slotMB: 400,
            slots: 8), Is.EqualTo(expected));

    [TestCase(255, 2)]
    [TestCase(254, 3)]
    public void An_artwork_that_fills_its_slots_to_the_last_megabyte_takes_no_more(int slotMB, int expected) =>
        Assert.That(PipelineSlots.SlotsFor(new(50_000_000), SmallNetwork, slotMB, slots: 8), Is.EqualTo(expected));

    [TestCase(0, 420, Description = "a copy of the pixels")]
    [TestCase(7, 560, Description = "350 MB of coefficients, and no process")]
    public void A_photo_books_the_coefficients_that_its_decoder_keeps(int bytesPerPixel, int expected) =>
        Assert.That(new CutOutSize(50_000_000, Decoder: new(bytesPerPixel)).PeakMB(networkMB: 0),
            Is.EqualTo(expected));

    [Test]
    public async Task No_more_photos_are_in_the_pipeline_than_it_has_slots()
    {
        using var log = new LogLines();
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Process:Concurrency"] = "2" },
            services => services.AddSingleton<ILoggerProvider>(log), takesWork: false);
        var slots = host.Get<PipelineSlots>();
        var first = await slots.TakeAsync("a", null, CancellationToken.None);
        var second = await slots.TakeAsync("b", null, CancellationToken.None);
        var third = slots.TakeAsync("c", null, CancellationToken.None);
        Assert.That((third.IsCompleted, slots.Waiting), Is.EqualTo((false, 1)), "two hold both slots");

        second.Dispose();
        second.Dispose();
        using (var next = await third.WaitAsync(Patience))
            Assert.That(next.Tensors, Is.SameAs(second.Tensors), "tensors are used again");
        var large = slots.TakeAsync("d", null, CancellationToken.None, new(long.MaxValue));
        Assert.That((large.IsCompleted, slots.Waiting), Is.EqualTo((false, 1)), "the largest photo needs both");
        first.Dispose();
        using var alone = await large.WaitAsync(Patience);
        Assert.That(slots.TakeAsync("a", null, CancellationToken.None).IsCompleted, Is.False, "and runs alone");
        Assert.That((log.Of(300).Count, log.Of(301).Count), Is.EqualTo((1, 0)), "counted once, and fit for all photos");
    }

    [Test]
    public async Task A_budget_that_is_too_small_for_the_largest_photo_is_warned_of()
    {
        using var log = new LogLines();
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Process:MemoryBudgetMB"] = "500" },
            services => services.AddSingleton<ILoggerProvider>(log), takesWork: false);
        var slots = host.Get<PipelineSlots>();
        Assert.That(slots.Waiting, Is.Zero);
        using var slot = await slots.TakeAsync("a", null, CancellationToken.None);
        Assert.That(log.Of(301), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Other_networks_that_requests_may_name_leave_less_memory_for_the_slots()
    {
        async Task<double> SlotMBAsync()
        {
            using var log = new LogLines();
            await using var host = await RunningHost.StartAsync(
                new()
                {
                    ["RemoveBg:Process:MemoryBudgetMB"] = "1500",
                    ["RemoveBg:Process:Concurrency"] = "1",
                    ["RemoveBg:Model:Folders"] = string.Join(Path.PathSeparator, Path.Combine(Repo.Root, "models"),
                        _folder),
                },
                services => services.AddSingleton<ILoggerProvider>(log), takesWork: false);
            using var slot = await host.Get<PipelineSlots>().TakeAsync("a", null, CancellationToken.None);
            return double.Parse(log.Of(300).Single().Split(' ')[^2], CultureInfo.InvariantCulture);
        }

        var alone = await SlotMBAsync();
        await using (var other = File.Create(Path.Combine(_folder, "silueta.onnx")))
            other.SetLength((MemoryBudget.NetworkFilesMB + 30) * 1_000_000);
        Assert.That(await SlotMBAsync(), Is.EqualTo(alone - 30).Within(10), "the loaded network is measured");
    }

    [Test]
    public async Task An_unknown_network_is_not_replaced_by_the_configured_one()
    {
        await using var host = await RunningHost.StartAsync(takesWork: false);
        Assert.That(() => host.Get<PipelineSlots>().TakeAsync("a", "unknown", CancellationToken.None),
            Throws.TypeOf<FileNotFoundException>());
    }

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
        // What other tests have left must not be released in between.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        NativeHeap.ReturnFreePages();
        var before = Environment.WorkingSet;
        using var network = Segmenter.Open(LargeNetwork.WrittenTo(_folder), new(), keepsMemory);
        var (file, _) = network.CutOut(File.ReadAllBytes(Repo.Sample("scene-mug.jpg")), OutputFormat.Png);
        Assert.That(file, Is.Not.Empty);
        var after = (Environment.WorkingSet - before) / 1_000_000;
        Assert.That(after, keepsMemory ? Is.GreaterThan(350) : Is.LessThan(250));
    }
}
