using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Segmentation;

/// <summary>The code that trains our network; skipped unless Python has the packages.</summary>
public sealed class TrainingTests
{
    [Test]
    public async Task The_training_code_passes_its_own_tests_and_its_export_gives_the_same_result_here()
    {
        var python = new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(HasTorch);
        if (python is null) Assert.Ignore("needs python3 with torch, numpy, scipy, PIL and onnx (Debian: python3-torch "
            + "python3-scipy python3-pil python3-onnx)");
        var folder = Directory.CreateTempSubdirectory("removebg-training-").FullName;
        try
        {
            // 1. Run its tests: data, labels, network, a short training run, export.
            var (code, output) = await RunAsync(python!, ["-m", "unittest", "discover", "-s", ".", "-t", "."], folder);
            Assert.That(code, Is.Zero, output);

            // 2. Compare ONNX Runtime's output with PyTorch's.
            using var session = new InferenceSession(Path.Combine(folder, "removebg-lite.onnx"));
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

    private static float[] Floats(string folder, string file) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, file))).ToArray();

    private static bool HasTorch(string python)
    {
        try
        {
            return RunAsync(python, ["-c", "import torch, numpy, scipy, PIL, onnx"], "").GetAwaiter()
                .GetResult().Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string python, string[] arguments, string exported)
    {
        var start = new ProcessStartInfo(python, arguments) { WorkingDirectory = Path.Combine(Repo.Root, "training"),
            RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["REMOVEBG_EXPORTED"] = exported;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
