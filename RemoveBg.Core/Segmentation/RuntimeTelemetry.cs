using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace RemoveBg.Core.Segmentation;

/// <summary>Disables the telemetry of ONNX Runtime (as of 1.31), which stores a device id and reports usage to its
/// makers over HTTPS. A service that handles other people's photos must not phone home.</summary>
internal static partial class RuntimeTelemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>Disables telemetry. Must run before the first use of the runtime, which reads the variable on
    /// loading.</summary>
    public static void TurnOff()
    {
        Environment.SetEnvironmentVariable(Variable, "1");
        // On Unix, .NET has its own copy of the environment; native code reads the C library's.
        if (!OperatingSystem.IsWindows()) _ = SetNative(Variable, "1", 1);
        OrtEnv.Instance().DisableTelemetryEvents();
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNative(string name, string value, int overwrite);
}
