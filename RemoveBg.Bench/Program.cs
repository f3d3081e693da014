using System.CommandLine;
using RemoveBg.Bench;
using RemoveBg.Bench.Load;
using RemoveBg.Bench.Peer;
using RemoveBg.Bench.Quality;
using RemoveBg.Bench.Speed;
using RemoveBg.Core.Artworks;
using Spectre.Console;

// A table that is broken up cannot be read.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
var model = new Option<string>("--model") { Description = "Network (default: auto, the best one that is here)", HelpName = "NAME", DefaultValueFactory = _ => "auto" };
var json = new Option<string?>("--json") { Description = "Also write the figures here", HelpName = "FILE" };
var set = new Option<string[]>("--set") { Description = "Folder with images/ and masks/ (default: eval/* of the shared test data)", HelpName = "DIR" };
var runs = new Option<int>("--runs") { Description = "Runs of each case (default: 7)", HelpName = "N", DefaultValueFactory = _ => 7 };

var save = new Option<string?>("--save") { Description = "Keep the photos it makes here", HelpName = "DIR" };
var peakOf = new Option<string?>("--peak-of") { Hidden = true };
var peakFormat = new Option<string>("--peak-format") { Hidden = true, DefaultValueFactory = _ => "webp" };
var speed = new Command("speed", "Time of each step, against bare decode + inference + encode in the same minutes; peak memory.") { model, runs, save, json, peakOf, peakFormat };
speed.SetAction(arguments => arguments.GetValue(peakOf) is { } photo && OutputFormats.TryParse(arguments.GetValue(peakFormat), out var format)
    ? PeakMemory.Print(arguments.GetValue(model)!, photo, format)
    : new SpeedBench(arguments.GetValue(model)!, arguments.GetValue(runs), arguments.GetValue(save)).Run(arguments.GetValue(json)));
var encode = new Command("encode", "Time, size and PSNR of encoders and their settings.") { model, set, runs, json };
encode.SetAction(arguments => new EncodeBench(arguments.GetValue(model)!, arguments.GetValue(runs), arguments.GetValue(set) ?? []).Run(arguments.GetValue(json)));
var peer = new Command("peer", "The pipeline against sharp and onnxruntime-node, in turn.") { runs, json };
peer.SetAction(arguments => new PeerBench(arguments.GetValue(runs)).Run(arguments.GetValue(json)));
var sheets = new Option<string>("--sheets") { Description = "Folder for the contact sheets (default: artifacts/bench)", HelpName = "DIR", DefaultValueFactory = _ => Path.Combine(Bench.Root, "artifacts", "bench") };
var quality = new Command("quality", "IoU, MAE, SAD, gradient error, max F and colour error against ground truth, with contact sheets.") { model, set, sheets, json };
quality.SetAction(arguments => new QualityBench(arguments.GetValue(model)!, arguments.GetValue(set) ?? [], arguments.GetValue(sheets)!).Run(arguments.GetValue(json)));
var cascade = new Command("cascade", "Mean IoU against mean milliseconds of the cascade, at each limit of doubt.") { set, json };
cascade.SetAction(arguments => new CascadeBench(arguments.GetValue(set) ?? []).Run(arguments.GetValue(json)));
var requests = new Option<int>("--requests") { Description = "Requests of each kind (default: 400)", HelpName = "N", DefaultValueFactory = _ => 400 };
var load = new Command("load", "POST to 202 against the same storage operations done bare, and finished jobs a second.") { model, requests, json };
load.SetAction((arguments, cancel) => new LoadBench(arguments.GetValue(model)!, arguments.GetValue(requests)).Run(arguments.GetValue(json), cancel));

return await new RootCommand("RemoveBg's measurements.") { speed, encode, peer, quality, cascade, load }.Parse(args).InvokeAsync();
