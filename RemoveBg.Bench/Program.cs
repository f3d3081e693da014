using System.CommandLine;
using RemoveBg.Bench;
using RemoveBg.Bench.Load;
using RemoveBg.Bench.Peer;
using RemoveBg.Bench.Quality;
using RemoveBg.Bench.Scale;
using RemoveBg.Bench.Speed;
using RemoveBg.Bench.Training;
using RemoveBg.Core.Artworks;
using Spectre.Console;

// Wrapped tables are unreadable.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 400;
var model = new Option<string>("--model") {
    Description = "Model: auto (default, the best one present), a name, or a file NAME.onnx",
    HelpName = "NAME", DefaultValueFactory = _ => "auto" };
var json = new Option<string?>("--json") { Description = "Also write the figures to this file", HelpName = "FILE" };
var set = new Option<string[]>("--set") {
    Description = "Folder with images/ and masks/ (default: eval/* of the shared test data)", HelpName = "DIR" };
var runs = new Option<int>("--runs") { Description = "Runs of each case (default: 7)", HelpName = "N",
    DefaultValueFactory = _ => 7 };

Option<double[]> Megapixels(params double[] usual) => new("--megapixels") {
    Description = $"Sizes of the generated photos (default: {string.Join(", ", usual)})", HelpName = "MP",
    DefaultValueFactory = _ => usual, AllowMultipleArgumentsPerToken = true };

var save = new Option<string?>("--save") { Description = "Keep the generated photos in this folder", HelpName = "DIR" };
var peakOf = new Option<string?>("--peak-of") { Hidden = true };
var peakFormat = new Option<string>("--peak-format") { Hidden = true, DefaultValueFactory = _ => "webp" };
var speedSizes = Megapixels(0.7, 12, 50);
var speed = new Command("speed",
    "Time of each step, compared with bare decode + inference + encode; peak memory.") { model, runs,
    speedSizes, save, json, peakOf, peakFormat };
speed.SetAction(arguments =>
    arguments.GetValue(peakOf) is { } photo && OutputFormats.TryParse(arguments.GetValue(peakFormat), out var format)
    ? PeakMemory.Print(arguments.GetValue(model)!, photo, format)
    : new SpeedBench(arguments.GetValue(model)!, arguments.GetValue(runs),
            arguments.GetValue(speedSizes)!, arguments.GetValue(save))
        .Run(arguments.GetValue(json)));
var encodeSizes = Megapixels(0.7, 12);
var encode = new Command("encode", "Time, size and PSNR of encoders and their settings.") { model, set, encodeSizes,
    runs, json };
encode.SetAction(arguments => new EncodeBench(arguments.GetValue(model)!, arguments.GetValue(runs),
    arguments.GetValue(set) ?? [], arguments.GetValue(encodeSizes)!).Run(arguments.GetValue(json)));
var image = new Argument<string>("FILE") { Description = "Image file" };
var decode = new Command("decode", "Time and memory of decoding one file.") { image, runs, json };
decode.SetAction(arguments => new DecodeBench(arguments.GetValue(image)!, arguments.GetValue(runs))
    .Run(arguments.GetValue(json)));
var ours = new Option<string>("--model") { HelpName = "NAME",
    Description = "Our model (default: u2netp, which the other side runs)", DefaultValueFactory = _ => "u2netp" };
var peerSizes = Megapixels(0.7, 12);
var peer = new Command("peer", "The pipeline compared with sharp and onnxruntime-node, taking turns.") { ours,
    peerSizes, runs, json };
peer.SetAction(arguments => new PeerBench(arguments.GetValue(ours)!, arguments.GetValue(runs))
    .Run(arguments.GetValue(peerSizes)!, arguments.GetValue(json)));
var sheets = new Option<string>("--sheets") { Description = "Folder for the contact sheets (default: artifacts/bench)",
    HelpName = "DIR", DefaultValueFactory = _ => Path.Combine(Bench.Root, "artifacts", "bench") };
var quality = new Command("quality",
    "IoU, MAE, SAD, gradient error, max F and colour error against ground truth, with contact sheets.") { model, set,
    sheets, json };
quality.SetAction(arguments => new QualityBench(arguments.GetValue(model)!, arguments.GetValue(set) ?? [],
    arguments.GetValue(sheets)!).Run(arguments.GetValue(json)));
var cascade =
    new Command("cascade", "Mean IoU and mean time of the cascade, at several limits of uncertainty.") { set, json };
cascade.SetAction(arguments => new CascadeBench(arguments.GetValue(set) ?? []).Run(arguments.GetValue(json)));
var requests = new Option<int>("--requests") { Description = "Requests of each kind (default: 400)", HelpName = "N",
    DefaultValueFactory = _ => 400 };
var load = new Command("load",
    "POST to 202 compared with the storage operations alone, and finished jobs per second.") { model, requests, json };
load.SetAction((arguments, cancellationToken) => new LoadBench(arguments.GetValue(model)!, arguments.GetValue(requests))
    .RunAsync(arguments.GetValue(json), cancellationToken));
var start = new Command("start", "A service that has just started: seconds to READY, and to its first results.") {
    model, runs, json };
start.SetAction((arguments, cancellationToken) => new StartBench(arguments.GetValue(model)!, arguments.GetValue(runs))
    .RunAsync(arguments.GetValue(json), cancellationToken));

var service = new Option<double>(
    "--service") { Description = "Seconds per artwork in the pipeline (default: 0.71, U²-Netp on one core of two)",
    HelpName = "S", DefaultValueFactory = _ => 0.71 };
var slots = new Option<int>("--slots") { Description = "Artworks at once per instance (default: one per core)",
    HelpName = "N", DefaultValueFactory = _ => 0 };
var most = new Option<int>("--instances") { Description = "Maximum number of instances (default: 40)", HelpName = "N",
    DefaultValueFactory = _ => 40 };
var cold = new Option<double>("--cold-start") { Description = "Seconds until a new instance accepts work (default: 6)",
    HelpName = "S", DefaultValueFactory = _ => 6 };
var memory = new Option<double>("--gb") { HelpName = "GB",
    Description = "Memory per instance: 2 with one core, 4 with two (default: 2)", DefaultValueFactory = _ => 2 };
var price = new Option<double>("--price") { Description = "Dollars per GB-second of execution (default: 0.000026)",
    HelpName = "$", DefaultValueFactory = _ => 0.000026 };
var seed = new Option<int>("--seed") { Description = "Random seed (default: 1)",
    HelpName = "N", DefaultValueFactory = _ => 1 };
var simulate = new Command("simulate",
    "Waiting time, instances and price on Azure, simulated from the time per artwork.") { service, slots, most,
    cold, memory, price, seed, json };
simulate.SetAction(arguments => new SimulateBench(arguments.GetValue(service), arguments.GetValue(slots),
    arguments.GetValue(most), arguments.GetValue(cold),
    arguments.GetValue(memory), arguments.GetValue(price), arguments.GetValue(seed)).Run(arguments.GetValue(json)));

var photos = new Option<string>("--photos") { Description = "Folder of photos", HelpName = "DIR", Required = true };
var labels = new Option<string>("--out") { Description = "Folder for the labels", HelpName = "DIR", Required = true };
var label = new Command("label", "Labels for training/: a model's alpha of each photo, as a grey PNG.") { model, photos,
    labels };
label.SetAction(arguments =>
    new LabelPhotos(arguments.GetValue(model)!, arguments.GetValue(photos)!, arguments.GetValue(labels)!).Run());

return await new RootCommand("Benchmarks of RemoveBg.") { speed, encode, decode, peer, quality, cascade, load,
    start, simulate, label }.Parse(args).InvokeAsync();
