using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Segmentation;

/// <summary>The code that trains our network; skipped unless Python has the packages.</summary>
[Category("Training")]
public sealed class TrainingTests
{
    [Test]
    public async Task The_training_code_passes_its_own_tests_and_its_export_gives_the_same_result_here()
    {
        var python = PythonOrSkip();
        var folder = Directory.CreateTempSubdirectory("removebg-training-").FullName;
        try
        {
            // 1. Run its tests: data, labels, network, a short training run, export.
            var (code, output) = await RunAsync(python, ["-m", "unittest", "discover", "-s", ".", "-t", "."],
                ("REMOVEBG_EXPORTED", folder));
            Assert.That(code, Is.Zero, output);

            // 2. Compare ONNX Runtime's output with PyTorch's.
            using var session = new InferenceSession(Path.Combine(folder, "removebg.onnx"));
            using var input = OrtValue.CreateTensorValueFromMemory(Floats(folder, "image.f32"), [1, 3, 320, 320]);
            using var options = new RunOptions();
            using var outputs = session.Run(options, ["image"], [input], ["alpha"]);
            var (alpha, expected) = (outputs[0].GetTensorDataAsSpan<float>().ToArray(), Floats(folder, "alpha.f32"));
            Assert.That(alpha.Zip(expected, (a, b) => Math.Abs(a - b)).Max(), Is.LessThan(1e-3));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task Training_from_nothing_gives_a_network_that_finds_subjects_it_has_not_seen()
    {
        const int photos = 20, side = 320;
        const int pixels = side * side;
        var python = PythonOrSkip();
        var folder = Directory.CreateTempSubdirectory("removebg-training-").FullName;
        try
        {
            // 1. Make photos with labels, and other ones to score on.
            var (code, output) = await RunAsync(python, ["-m", "tests.given", folder, "400", "192"]);
            Assert.That(code, Is.Zero, output);

            // 2. Trunk, bank, training, export: what README tells to run.
            var network = Path.Combine(folder, "removebg.onnx");
            (code, output) = await RunAsync("bash", ["make", "all", folder, "3", network],
                ("REMOVEBG_TRAINING", Path.Combine(folder, "home")), ("PYTHON", python));
            Assert.That(code, Is.Zero, output);
            TestContext.Out.WriteLine(output);

            // 3. Score the file with ONNX Runtime.
            using var session = new InferenceSession(network);
            var (images, truths) = (Floats(folder, "images.f32"), Floats(folder, "alphas.f32"));
            var ious = Enumerable.Range(0, photos).Select(i =>
            {
                using var input = OrtValue.CreateTensorValueFromMemory(images.AsSpan(i * 3 * pixels, 3 * pixels)
                    .ToArray(), [1, 3, side, side]);
                using var options = new RunOptions();
                using var outputs = session.Run(options, ["image"], [input], ["alpha"]);
                var pairs = outputs[0].GetTensorDataAsSpan<float>().ToArray()
                    .Zip(truths.Skip(i * pixels), (a, b) => (Found: a > 0.5f, True: b > 0.5f)).ToList();
                return pairs.Count(pair => pair.Found && pair.True)
                    / (double)pairs.Count(pair => pair.Found || pair.True);
            }).ToList();
            TestContext.Out.WriteLine(FormattableString.Invariant($"mean IoU {ious.Average():0.000}"));
            Assert.That(ious.Average(), Is.GreaterThan(0.85));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string PythonOrSkip()
    {
        var python = new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(HasTorch);
        if (python is null) Assert.Ignore("needs python3 with torch, numpy, scipy, PIL and onnx (Debian: python3-torch "
            + "python3-scipy python3-pil python3-onnx)");
        return python;
    }

    private static float[] Floats(string folder, string file) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, file))).ToArray();

    private static bool HasTorch(string python)
    {
        try
        {
            return RunAsync(python, ["-c", "import torch, numpy, scipy, PIL, onnx"]).GetAwaiter()
                .GetResult().Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string file, string[] arguments,
        params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(file, arguments) { WorkingDirectory = Path.Combine(Repo.Root, "training"),
            RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
