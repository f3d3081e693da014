using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;

namespace RemoveBg.Core.Segmentation;

/// <summary>What computes a network: ONNX Runtime's execution providers, by their names in lower case (<c>cpu</c>,
/// <c>cuda</c>, …). Which there are, the build of the runtime decides.</summary>
internal static class ExecutionProvider
{
    public const string Cpu = "cpu";

    private const string Suffix = "ExecutionProvider";

    public static IReadOnlyList<string> Available { get; } = Find();

    /// <exception cref="InvalidDataException">It is not there: never a silent run on the CPU.</exception>
    public static void Append(SessionOptions options, string name)
    {
        if (name == Cpu) return;
        try
        {
            switch (name)
            {
                case "cuda": options.AppendExecutionProvider_CUDA(); break;
                case "tensorrt": options.AppendExecutionProvider_Tensorrt(); break;
                case "dml": options.AppendExecutionProvider_DML(); break;
                case "rocm": options.AppendExecutionProvider_ROCm(); break;
                case "openvino": options.AppendExecutionProvider_OpenVINO(); break;
                default: options.AppendExecutionProvider(name.ToUpperInvariant()); break;
            }
        }
        catch (Exception problem)
            when (problem is OnnxRuntimeException or EntryPointNotFoundException or NotSupportedException)
        {
            throw new InvalidDataException($"{ModelOptions.Section}:{nameof(ModelOptions.Provider)} is '{name}', which "
                + $"this machine cannot run: {problem.Message}", problem);
        }
    }

    private static string[] Find()
    {
        RuntimeTelemetry.TurnOff();
        return [.. OrtEnv.Instance().GetAvailableProviders()
            .Select(name => name.Replace(Suffix, "", StringComparison.Ordinal).ToLowerInvariant())];
    }

    /// <summary>Stops the start where the provider asked for is not in the runtime.</summary>
    internal sealed class Check : IValidateOptions<ModelOptions>
    {
        public ValidateOptionsResult Validate(string? name, ModelOptions options) =>
            options.Provider == Cpu || Available.Contains(options.Provider)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{ModelOptions.Section}:{nameof(ModelOptions.Provider)} is "
                + $"'{options.Provider}'; this build of ONNX Runtime has {string.Join(", ", Available)}.");
    }
}
