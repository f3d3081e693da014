using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;

namespace RemoveBg.Core.Segmentation;

/// <summary>ONNX Runtime's execution providers, by their names in lower case (<c>cpu</c>, <c>cuda</c>, …). The build
/// of the runtime decides which are available.</summary>
internal static class ExecutionProvider
{
    public const string Cpu = "cpu";

    private const string Suffix = "ExecutionProvider";

    public static IReadOnlyList<string> Available { get; } = Find();

    /// <summary>Adds a provider to a session's options.</summary>
    /// <exception cref="InvalidDataException">The provider cannot run here. There is no silent fallback to the
    /// CPU.</exception>
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
            throw new InvalidDataException($"{ModelOptions.Section}:{nameof(ModelOptions.Provider)}: this machine "
                + $"cannot run '{name}': {problem.Message}", problem);
        }
    }

    private static string[] Find()
    {
        RuntimeTelemetry.TurnOff();
        return [.. OrtEnv.Instance().GetAvailableProviders()
            .Select(name => name.Replace(Suffix, "", StringComparison.Ordinal).ToLowerInvariant())];
    }

    /// <summary>Fails startup if the runtime lacks the configured provider.</summary>
    internal sealed class Check : IValidateOptions<ModelOptions>
    {
        public ValidateOptionsResult Validate(string? name, ModelOptions options) =>
            options.Provider == Cpu || Available.Contains(options.Provider)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{ModelOptions.Section}:{nameof(ModelOptions.Provider)} must be one of "
                + $"{string.Join(", ", Available)} (this build of ONNX Runtime), not '{options.Provider}'.");
    }
}
