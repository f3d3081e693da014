using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Fuzz;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

/// <summary>Damaged HEIC, AVIF, TIFF and JPEG XL files, decoded in processes that may die: <see cref="DecoderFuzzer"/>.
/// On each push, a fixed number of the same files; <c>./test --fuzz</c> decodes others for some minutes.</summary>
public sealed partial class DecoderFuzzTests
{
    private const int Seed = 7, OnEachPush = 200;

    /// <summary>Files that a process is given at once, where minutes count.</summary>
    private const int AtOnce = 2000;

    /// <summary>Crashes after which a run gives up. Each is one process more.</summary>
    private const int MostCrashes = 200;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public Task Damaged_files_are_refused_or_decode(string format) =>
        RunAsync(format, Seed, count => count < OnEachPush ? OnEachPush : count);

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All)), Category("Fuzz")]
    public Task Damaged_files_are_refused_or_decode_for_minutes(string format)
    {
        var start = Stopwatch.GetTimestamp();
        return RunAsync(format, FuzzTime.Seed,
            count => Stopwatch.GetElapsedTime(start) < FuzzTime.PerFormat ? count + AtOnce : count);
    }

    /// <summary>Within the memory that is booked for them, too: the processes have no more.</summary>
    /// <param name="format">One of <see cref="SecondFiles.All"/>.</param>
    /// <param name="seed">Decides the files.</param>
    /// <param name="goOn">Gets the number of files that have been decoded; returns the number that shall be.</param>
    private static async Task RunAsync(string format, int seed, Func<int, int> goOn)
    {
        var count = 0;
        var (next, decoded, refused, slowest, peak) = (0, 0, 0, 0, 0);
        var crashes = new List<(int Input, int Code)>();
        using var folder = new TemporaryFolder();
        var seeds = DecoderFuzzer.Seeds(format);
        for (var i = 0; i < seeds.Count; i++)
            await File.WriteAllBytesAsync(Path.Combine(folder.Path, $"{i}"), seeds[i]);
        while ((count = goOn(next)) > next)
        {
            using var process = TestProgram.Start("fuzz", format, folder.Path, $"{seed}", $"{next}", $"{count}");
            var current = -1;
            while (true)
            {
                string? line;
                try
                {
                    line = await process.StandardOutput.ReadLineAsync().WaitAsync(Longest);
                }
                catch (TimeoutException)
                {
                    process.Kill();
                    throw new AssertionException($"input {current} of seed {seed} takes longer than {Longest}");
                }
                if (line is null) break;
                if (OutcomeLine().Match(line) is { Success: true } outcome)
                {
                    if (outcome.Groups[1].Value == "d") decoded++;
                    else refused++;
                    slowest = Math.Max(slowest, int.Parse(outcome.Groups[2].Value, CultureInfo.InvariantCulture));
                    next = current + 1;
                }
                else if (line.StartsWith("peak ", StringComparison.Ordinal))
                    peak = Math.Max(peak, int.Parse(line[5..], CultureInfo.InvariantCulture));
                else current = int.Parse(line, CultureInfo.InvariantCulture);
            }
            await process.WaitForExitAsync();
            if (process.ExitCode == 0) continue;
            Assert.That(current, Is.GreaterThanOrEqualTo(next), "the process has started to decode");
            crashes.Add((current, process.ExitCode));
            next = current + 1;
            Assert.That(crashes, Has.Count.LessThan(MostCrashes));
        }
        TestContext.Out.WriteLine($"{format}: {count} inputs of seed {seed}, {decoded} decoded, {refused} refused, "
            + $"{crashes.Count} ended the decoder ({string.Join(", ", crashes.Take(20))}); "
            + $"slowest {slowest} ms, peak of the process {peak / 1024} MB");
        Assert.That(decoded, Is.Positive);
        Assert.That(refused, Is.GreaterThan(count / 10));

        // What ends a decoder is refused by the service, which goes on.
        foreach (var (input, _) in crashes.Take(20))
            Assert.That(() => Decode.Run(DecoderFuzzer.Input(seeds, seed, input), new()).Photo.Dispose(),
                Throws.Nothing.Or.TypeOf<ArtworkFailedException>().With.Property("Failure").Property("Code")
                    .EqualTo("image_corrupt"), $"input {input}");
    }

    [GeneratedRegex(@"^([dr]) (\d+)$")]
    private static partial Regex OutcomeLine();
}
