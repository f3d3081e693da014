using System.CommandLine;
using RemoveBg.Bench;

var model = new Option<string>("--model") { Description = "Network (default: auto, the best one that is here)", HelpName = "NAME", DefaultValueFactory = _ => "auto" };
var json = new Option<string?>("--json") { Description = "Also write the figures here", HelpName = "FILE" };
var set = new Option<string[]>("--set") { Description = "Folder with images/ and masks/ (default: eval/* of the shared test data)", HelpName = "DIR" };
var runs = new Option<int>("--runs") { Description = "Runs of each case (default: 7)", HelpName = "N", DefaultValueFactory = _ => 7 };

var speed = new Command("speed", "Time of each step, against bare decode + inference + encode in the same minutes.") { model, runs, json };
speed.SetAction(arguments => new SpeedBench(arguments.GetValue(model)!, arguments.GetValue(runs)).Run(arguments.GetValue(json)));
var quality = new Command("quality", "Intersection over union and mean absolute error against ground truth.") { model, set, json };
quality.SetAction(arguments => new QualityBench(arguments.GetValue(model)!, arguments.GetValue(set) ?? []).Run(arguments.GetValue(json)));

return new RootCommand("RemoveBg's measurements.") { speed, quality }.Parse(args).Invoke();
