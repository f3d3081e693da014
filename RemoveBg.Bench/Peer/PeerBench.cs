using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Options;
using RemoveBg.Bench.Speed;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using Spectre.Console;

namespace RemoveBg.Bench.Peer;

/// <summary>Compares the pipeline with a typical one in Node (peer.js): same network, photo, quality setting and number
/// of threads, run alternately.</summary>
internal sealed class PeerBench(int runs)
{
    private const string Network = "u2netp";

    /// <summary>Number of warm-up runs; both runtimes compile code while they run.</summary>
    private const int WarmUps = 3;

    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(string? json)
    {
        var folder = Path.Combine(Bench.Root, "artifacts", "peer");
        Install(folder);
        using var segmenter = Bench.Load(Network);
        using var tensors = segmenter.CreateTensors();
        var rows = new List<Row>();
        foreach (var megapixels in new[] { 0.7, 12 })
            foreach (var grain in new[] { 0.0, 6 })
            {
                var photo = GeneratedPhoto.Jpeg(megapixels, grain);
                var file = Path.Combine(folder, "photo.jpg");
                File.WriteAllBytes(file, photo);
                foreach (var format in new[] { OutputFormat.Webp, OutputFormat.Png })
                    rows.Add(AnsiConsole.Status().Start($"{megapixels} MP to {format.Word()}", _ =>
                    {
                        var (ours, bytes) = Ours(photo, format);
                        using var theirs = JsonDocument.Parse(Node(folder, segmenter.Model.Path, file, format.Word(),
                            $"{runs}", $"{Environment.ProcessorCount}"));
                        var peer = Bench.Median(
                            theirs.RootElement.GetProperty("ms").EnumerateArray().Select(ms => ms.GetDouble()));
                        return new Row(megapixels, grain > 0, format.Word(), ours, peer, peer / ours, bytes,
                            theirs.RootElement.GetProperty("bytes").GetInt64());
                    }));
            }

        var table = new Table()
            .AddColumns("MP", "grain", "out", "ours ms", "Node ms", "times as fast", "our bytes", "Node's bytes");
        foreach (var row in rows) table.AddRow($"{row.Megapixels}", row.Grain ? "yes" : "no", row.Out,
            $"{row.OursMs:0}", $"{row.NodeMs:0}", $"{row.Faster:0.00}", $"{row.OurBytes:N0}", $"{row.NodeBytes:N0}");
        AnsiConsole.Write(table);
        Bench.Write(json, new { peers = rows });
        return 0;

        (double Ms, long Bytes) Ours(byte[] photo, OutputFormat format)
        {
            using var target = new MemoryStream();
            var times = new List<double>();
            for (var run = -WarmUps; run < runs; run++)
            {
                target.SetLength(0);
                var start = Stopwatch.GetTimestamp();
                _pipeline.Run(new(photo, format, segmenter, tensors, target), CancellationToken.None);
                if (run >= 0) times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            return (Bench.Median(times), target.Length);
        }
    }

    private static void Install(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "peer.js", "package.json", "package-lock.json" }) File.Copy(
            Path.Combine(Bench.Root, "RemoveBg.Bench", "Peer", name), Path.Combine(folder, name), overwrite: true);
        // Skip install scripts: onnxruntime-node's would download CUDA.
        Start("npm", folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
    }

    private static string Node(string folder, params string[] arguments) =>
        Start("node", folder, ["peer.js", .. arguments]);

    private static string Start(string program, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder,
            RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"{program} {arguments[0]} exited with code {process.ExitCode}.");
    }

    private sealed record Row(double Megapixels, bool Grain, string Out, double OursMs, double NodeMs, double Faster,
        long OurBytes, long NodeBytes);
}
