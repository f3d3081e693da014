using Microsoft.Extensions.Options;
using RemoveBg.Bench.Speed;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;
using Spectre.Console;

namespace RemoveBg.Bench.Peer;

/// <summary>Compares the pipeline with a typical one in Node (peer.js) that runs U²-Netp: same photo, threads and
/// encoder settings, one job at a time and one per core. After a warm-up the two take turns, run by run.</summary>
/// <param name="model">Our network; U²-Netp for the same on both sides.</param>
/// <param name="runs">Runs of each.</param>
internal sealed class PeerBench(string model, int runs)
{
    private const string Network = "u2netp";

    /// <summary>WebP's quality and effort, and PNG's level, as ours (<see
    /// cref="Core.Imaging.Codecs.Encode"/>).</summary>
    private const int Quality = 90, Effort = 2, Level = 5;

    /// <summary>Number of warm-up runs; both runtimes compile code while they run.</summary>
    private const int WarmUps = 3;

    private readonly CutOutPipeline _pipeline = new(Options.Create(new ImageOptions()));

    public int Run(double[] sizes, string? json)
    {
        var folder = Path.Combine(Bench.Root, "artifacts", "peer");
        string network;
        using (var theirs = Bench.Load(Network)) network = theirs.Model.Path;
        using var segmenter = Bench.Load(model);
        var tensors = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => segmenter.CreateTensors()).ToArray();
        using var peer = NodePeer.Start(folder, network);
        var rows = new List<Row>();
        foreach (var megapixels in sizes)
            foreach (var grain in new[] { 0.0, 6 })
            {
                var photo = GeneratedPhoto.Jpeg(megapixels, grain);
                var file = Path.Combine(folder, "photo.jpg");
                File.WriteAllBytes(file, photo);
                foreach (var format in new[] { OutputFormat.Webp, OutputFormat.Png })
                    AnsiConsole.Status().Start($"{megapixels} MP to {format.Word()}", _ =>
                    {
                        var same = new PeerRequest(file, format.Word(), Quality, Effort, Level, Clears: false, 1);
                        foreach (var (name, request) in new[] { ("settings", same), ("size", SameSize(same)),
                            ("settings", same with { Jobs = tensors.Length }) })
                            rows.Add(Compare(new(megapixels, grain > 0, format.Word(), name, request.Jobs), format,
                                request));
                    });

                Row Compare(Case what, OutputFormat format, PeerRequest request)
                {
                    var (ours, theirs, bytes) = (new List<double>(), new List<double>(), (Ours: 0L, Theirs: 0L));
                    for (var run = -WarmUps; run < runs; run++)
                    {
                        (var our, bytes.Ours) = Ours(photo, format, segmenter, tensors[..request.Jobs]);
                        (var their, bytes.Theirs) = peer.Run(request);
                        if (run < 0) continue;
                        ours.Add(our);
                        theirs.Add(their);
                    }
                    return new(what, Times.Of(ours), Times.Of(theirs), bytes.Ours, bytes.Theirs);
                }

                // The peer's settings with which its file is as large as ours: another quality of WebP; in PNG, no
                // colours where nothing is visible.
                PeerRequest SameSize(PeerRequest request)
                {
                    if (request.Format == "png") return request with { Clears = true };
                    var wanted = Ours(photo, OutputFormat.Webp, segmenter, tensors[..1]).Bytes;
                    var (low, high) = (1, 100);
                    // Files grow with the quality: find the first that is as large as ours.
                    while (low < high)
                    {
                        var middle = (low + high) / 2;
                        if (peer.Run(request with { Quality = middle }).Bytes < wanted) low = middle + 1;
                        else high = middle;
                    }
                    // The one before may be nearer.
                    return new[] { Math.Max(1, low - 1), low }.Select(quality => request with { Quality = quality })
                        .MinBy(candidate => Math.Abs(peer.Run(candidate).Bytes - wanted))!;
                }
            }

        foreach (var buffers in tensors) buffers.Dispose();
        var table = new Table().AddColumns("MP", "grain", "out", "same", "at once", "ours ms", "Node ms",
            "times as fast", "our bytes", "Node's bytes", "ours / Node's");
        foreach (var row in rows) table.AddRow($"{row.Of.Megapixels}", row.Of.Grain ? "yes" : "no", row.Of.Out,
            row.Of.Same, $"{row.Of.Jobs}", $"{row.Ours}", $"{row.Node}", $"{row.Faster:0.00}", $"{row.OurBytes:N0}",
            $"{row.NodeBytes:N0}", $"{100.0 * row.OurBytes / row.NodeBytes:0} %");
        Bench.Show(table);
        Bench.Write(json, new { model, peers = rows });
        return 0;
    }

    private (double Ms, long Bytes) Ours(byte[] photo, OutputFormat format, Segmenter segmenter, Tensors[] tensors)
    {
        var targets = tensors.Select(_ => new MemoryStream()).ToArray();
        var ms = Bench.AtOnce(tensors.Length, job =>
            _pipeline.Run(new(photo, format, segmenter, tensors[job], targets[job]), CancellationToken.None));
        return (ms, targets[0].Length);
    }

    /// <param name="Same">What is the same on both sides: the encoder's settings, or the size of the file.</param>
    /// <param name="Jobs">How many jobs run at once; their times are those until all are done.</param>
    private sealed record Case(double Megapixels, bool Grain, string Out, string Same, int Jobs);

    private sealed record Times(double Median, double Least, double Most)
    {
        public static Times Of(IReadOnlyCollection<double> ms) => new(Bench.Median(ms), ms.Min(), ms.Max());

        public override string ToString() => $"{Median:0} ({Least:0}–{Most:0})";
    }

    private sealed record Row(Case Of, Times Ours, Times Node, long OurBytes, long NodeBytes)
    {
        public double Faster => Node.Median / Ours.Median;
    }
}
