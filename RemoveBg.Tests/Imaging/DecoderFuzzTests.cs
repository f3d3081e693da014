using System.Globalization;
using System.Text.RegularExpressions;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Imaging;

/// <summary>Damaged HEIC, AVIF, TIFF and JPEG XL files, decoded in processes that may die: <see cref="DecoderFuzzer"/>.
/// The variable REMOVEBG_FUZZ sets their number.</summary>
public sealed partial class DecoderFuzzTests
{
    private const int Seed = 7;

    /// <summary>Crashes after which a run gives up. Each is one process more.</summary>
    private const int MostCrashes = 200;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private static readonly int s_many = int.TryParse(Environment.GetEnvironmentVariable("REMOVEBG_FUZZ"),
        NumberStyles.None, CultureInfo.InvariantCulture, out var set) ? set : 200_000;

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All))]
    public Task Damaged_files_are_refused_or_decode(string format) => RunAsync(format, 200);

    [TestCaseSource(typeof(SecondFiles), nameof(SecondFiles.All)), Category("Fuzz")]
    public Task Many_damaged_files_are_refused_or_decode(string format) => RunAsync(format, s_many);

    /// <summary>Within the memory that is booked for them, too: the processes have no more.</summary>
    private static async Task RunAsync(string format, int count)
    {
        var (next, decoded, refused, slowest, peak) = (0, 0, 0, 0, 0);
        var crashes = new List<(int Input, int Code)>();
        using var folder = new TemporaryFolder();
        var seeds = DecoderFuzzer.Seeds(format);
        for (var i = 0; i < seeds.Count; i++)
            await File.WriteAllBytesAsync(Path.Combine(folder.Path, $"{i}"), seeds[i]);
        while (next < count)
        {
            using var process = TestProgram.Start("fuzz", format, folder.Path, $"{Seed}", $"{next}", $"{count}");
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
                    throw new AssertionException($"input {current} of seed {Seed} takes longer than {Longest}");
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
        TestContext.Out.WriteLine($"{format}: {count} inputs, {decoded} decoded, {refused} refused, "
            + $"{crashes.Count} ended the decoder ({string.Join(", ", crashes.Take(20))}); "
            + $"slowest {slowest} ms, peak of the process {peak / 1024} MB");
        Assert.That(decoded, Is.Positive);
        Assert.That(refused, Is.GreaterThan(count / 10));

        // What ends a decoder is refused by the service, which goes on.
        foreach (var (input, _) in crashes.Take(20))
            Assert.That(() => Decode.Run(DecoderFuzzer.Input(seeds, Seed, input), new()).Photo.Dispose(),
                Throws.Nothing.Or.TypeOf<ArtworkFailedException>().With.Property("Failure").Property("Code")
                    .EqualTo("image_corrupt"), $"input {input}");
    }

    [GeneratedRegex(@"^([dr]) (\d+)$")]
    private static partial Regex OutcomeLine();
}
