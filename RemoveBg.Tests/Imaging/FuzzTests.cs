using System.Diagnostics;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

/// <summary>Files damaged by a seeded mutator. A native crash would end the test run, and so be noticed.</summary>
[NonParallelizable] // It measures the memory of the process.
public sealed class FuzzTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    [TestCase(500)]
    [TestCase(20_000, Category = "Soak")]
    public void A_damaged_file_is_refused_or_decodes_and_nothing_leaks(int inputs)
    {
        var seeds = Seeds();
        var random = new Random(7);
        var (refused, decoded, atStart) = (0, 0, 0L);
        for (var i = 0; i < inputs; i++)
        {
            if (i == inputs / 5) atStart = Resident();
            var file = Mutation.Of(seeds[random.Next(seeds.Count)], seeds[random.Next(seeds.Count)], random);
            var watch = Stopwatch.StartNew();
            try
            {
                var (photo, orientation) = Decode.Run(file, new() { MaxPixels = 10_000_000 });
                Orient.Run(photo, orientation).Dispose();
                decoded++;
            }
            catch (ArtworkFailedException)
            {
                refused++;
            }
            Assert.That(watch.Elapsed, Is.LessThan(Longest), $"input {i} hangs");
        }
        TestContext.Out.WriteLine($"{inputs} inputs: {refused} refused, {decoded} decoded; "
            + $"working set {atStart / 1_000_000} MB after a fifth, {Resident() / 1_000_000} MB at the end");
        Assert.That((refused, decoded), Is.Not.EqualTo((0, inputs)).And.Not.EqualTo((inputs, 0)));
        Assert.That(Resident(), Is.LessThan(atStart + 200_000_000), "memory is released");
    }

    private static List<byte[]> Seeds()
    {
        var corpus = Path.Combine(Repo.Shared, "images", "corpus");
        var files = Directory.GetFiles(Path.Combine(Repo.Root, "samples"), "*.*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".icc", StringComparison.Ordinal));
        // The corpus adds unusual files of every format; without it, only the samples are damaged.
        if (Directory.Exists(corpus))
            files = files.Concat(Directory.GetFiles(corpus, "*", SearchOption.AllDirectories));
        return [.. files.Order(StringComparer.Ordinal).Where(file => new FileInfo(file).Length < 120_000)
            .Select(File.ReadAllBytes).Where(file => FileFormat.IsSupported(file))];
    }

    private static long Resident()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
