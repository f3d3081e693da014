using System.Diagnostics;
using System.Globalization;
using ImageMagick;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs.Second;
using RemoveBg.Decoder;

namespace RemoveBg.Tests.Given;

/// <summary>Decodes damaged files, one after the other in one process, as RemoveBg.Decoder does it with one.</summary>
internal static class DecoderFuzzer
{
    /// <summary>Largest side of a header that is decoded; a larger one is refused by the service, here to save
    /// time.</summary>
    private const int LargestSide = 512;

    /// <summary>Prints a line per input, before it is decoded (its number) and after: r(efused) or d(ecoded), and
    /// the milliseconds; at the end the peak of resident memory in kilobytes.</summary>
    /// <param name="format">One of <see cref="SecondFiles.All"/>.</param>
    /// <param name="folder">Has the files to damage: under the decoder's policy, none can be written here.</param>
    /// <param name="seed">Of the mutations.</param>
    /// <param name="from">First input.</param>
    /// <param name="to">One past the last input.</param>
    public static int Run(string format, string folder, int seed, int from, int to)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        var seeds = Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToList();
        var request = new DecodeRequest(format, 0, LargestSide, LargestSide, 0,
            SecondFormat.BaseMB * 1_000_000L + 56L * LargestSide * LargestSide, 0);
        using var file = InputFile.Create();
        // Files, because that one is written again for each input.
        ProcessLimits.Set(processorSeconds: 3600, request.MemoryBytes, fileBytes: 4 << 20);
        PhotoDecoder.Prepare(request);
        for (var i = from; i < to; i++)
        {
            var input = Input(seeds, seed, i);
            output.WriteLine(i.ToString(CultureInfo.InvariantCulture));
            var start = Stopwatch.GetTimestamp();
            var outcome = TryDecode(format, input, file) ? 'd' : 'r';
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{outcome} {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0}"));
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak {ProcessLimits.Status("VmHWM") / 1024}"));
        return 0;
    }

    /// <summary>The files that are damaged: a few kilobytes at most each.</summary>
    public static List<byte[]> Seeds(string format)
    {
        if (format == SecondFiles.Heic)
        {
            var grid = new HeifFile();
            grid.Primary = grid.AddGrid(1, 2, 320, 106, [grid.AddMug(), grid.AddMug()], HeifFile.Turned(1));
            return [HeifFile.Mug, HeifFile.WithAlpha, grid.ToArray()];
        }
        byte[] Small(Action<MagickImage> change) => SecondFiles.Write(format, SecondFiles.Picture(32, 24), change);
        return [Small(_ => { }), Small(image => image.Alpha(AlphaAction.Set)),
            Small(image => image.Grayscale()), Small(image => image.SetProfile(ColorProfiles.SRGB))];
    }

    /// <returns>The damaged file of a number, always the same.</returns>
    public static byte[] Input(IReadOnlyList<byte[]> seeds, int seed, int number)
    {
        var random = new Random(HashCode(seed, number));
        return Mutation.Of(seeds[random.Next(seeds.Count)], seeds[random.Next(seeds.Count)], random);
    }

    /// <summary>Decodes like Decode.cs and the decoder's Program.cs.</summary>
    private static bool TryDecode(string format, byte[] input, InputFile file)
    {
        try
        {
            if (SecondFormat.Of(input) is not { } sniffed || sniffed.Name != format
                || ImageHeader.Read(sniffed, input) is not { } header || header.Width is < 1 or > LargestSide
                || header.Height is < 1 or > LargestSide) return false;
            file.Write(input);
            using var image = PhotoDecoder.Run(file.Path,
                new(format, header.Page, (int)header.Width, (int)header.Height, 0, 0, 0));
            image.Write(Stream.Null);
            return true;
        }
        catch (Exception problem) when (problem is MagickException or InvalidDataException or ArtworkFailedException
            or OutOfMemoryException)
        {
            return false;
        }
    }

    /// <summary>The same in each process, unlike System.HashCode.</summary>
    private static int HashCode(int seed, int number) => unchecked(seed * 1_000_003 + number * 31 + 17);
}
