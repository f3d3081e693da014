using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace RemoveBg.Tests.Given;

/// <summary>The Bicep CLI that is pinned as a package.</summary>
internal static class BicepCli
{
    public static (int Code, string Said) Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    public static Process Start(params string[] arguments)
    {
        var path = typeof(BicepCli).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(entry => entry.Key == "BicepPath")?.Value;
        if (path is null) Assert.Ignore("The Bicep CLI comes as a package for Linux on x64 only; here, check with 'az "
            + "bicep build --file infra/main.bicep'.");
        Assert.That(path, Does.Exist);
        var start = new ProcessStartInfo(path!, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        // It is self-contained and looks for ICU, which a small machine may lack.
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        return Process.Start(start)!;
    }

    /// <returns>The ARM template that a file compiles to.</returns>
    public static JsonElement Compile(string file)
    {
        var (code, said) = Run("build", file, "--stdout");
        Assert.That(code, Is.Zero, said);
        return JsonElement.Parse(said);
    }

    /// <summary>Copies infra/, because the parameters of a prediction are written beside the template.</summary>
    public static void CopyInfra(string folder)
    {
        var infra = Path.Combine(Repo.Root, "infra");
        foreach (var file in Directory.GetFiles(infra, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(infra, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>Predicts the resources that a deployment would request. Azure's own engine evaluates the
    /// template.</summary>
    /// <param name="folder">A copy of infra/.</param>
    /// <param name="parameters">Lines of a parameter file.</param>
    public static JsonDocument Predict(string folder, params IEnumerable<string> parameters) =>
        PredictTemplate(folder, "main.bicep", parameters);

    /// <param name="folder">A copy of infra/.</param>
    /// <param name="template">Path of the template in it.</param>
    /// <param name="parameters">Lines of a parameter file.</param>
    /// <inheritdoc cref="Predict"/>
    public static JsonDocument PredictTemplate(string folder, string template, params IEnumerable<string> parameters)
    {
        var file = Path.Combine(folder, $"{Guid.NewGuid():N}.bicepparam");
        File.WriteAllLines(file, [$"using '{template}'", .. parameters.Select(line => $"param {line}")]);
        var metadata = new { subscriptionId = "11111111-1111-1111-1111-111111111111", resourceGroup = "shop",
            location = "northeurope" };
        return JsonDocument.Parse(
            BicepServer.Call("bicep/getSnapshot", new { path = file, metadata }).Text("snapshot")!);
    }
}
