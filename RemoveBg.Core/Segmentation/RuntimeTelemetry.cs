using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace RemoveBg.Core.Segmentation;

/// <summary>ONNX Runtime (1.31 at the latest) keeps a device id and reports usage to its makers over HTTPS. A service
/// that handles strangers' photos sends nothing that nobody asked for.</summary>
internal static partial class RuntimeTelemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>Before the first use of the runtime: it reads the variable when it is loaded.</summary>
    public static void TurnOff()
    {
        Environment.SetEnvironmentVariable(Variable, "1");
        // .NET keeps the environment to itself on Unix; native code reads the C library's.
        if (!OperatingSystem.IsWindows()) _ = SetNative(Variable, "1", 1);
        OrtEnv.Instance().DisableTelemetryEvents();
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNative(string name, string value, int overwrite);
}
