using System.Diagnostics;
using System.Text.Json;

namespace RemoveBg.Bench.Peer;

/// <summary>A photo and the settings of its encoder.</summary>
/// <param name="Photo">Path of the JPEG.</param>
/// <param name="Format">webp or png.</param>
/// <param name="Quality">WebP's, 1 to 100.</param>
/// <param name="Effort">WebP's, 0 to 6.</param>
/// <param name="Level">PNG's compression level, 0 to 9.</param>
/// <param name="Clears">Whether colours under alpha 0 become black, as ours do.</param>
/// <param name="Jobs">How often the photo is cut out at once.</param>
internal sealed record PeerRequest(
    string Photo, string Format, int Quality, int Effort, int Level, bool Clears, int Jobs);

/// <summary>A Node process that runs peer.js.</summary>
internal sealed class NodePeer : IDisposable
{
    private readonly Process _process;

    private NodePeer(Process process) => _process = process;

    /// <param name="folder">Receives peer.js and its packages.</param>
    /// <param name="network">Path of U²-Netp's file.</param>
    public static NodePeer Start(string folder, string network)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "peer.js", "package.json", "package-lock.json" }) File.Copy(
            Path.Combine(Bench.Root, "RemoveBg.Bench", "Peer", name), Path.Combine(folder, name), overwrite: true);
        // Skip install scripts: onnxruntime-node's would download CUDA.
        using (var install = Launch("npm", folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund"))
        {
            install.StandardInput.Close();
            install.StandardOutput.ReadToEnd();
            install.WaitForExit();
            if (install.ExitCode != 0)
                throw new InvalidOperationException($"npm ci in {folder} exited with code {install.ExitCode}.");
        }
        return new(Launch("node", folder, "peer.js", network, $"{Environment.ProcessorCount}"));
    }

    public (double Ms, long Bytes) Run(PeerRequest request)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(request, JsonSerializerOptions.Web));
        var line = _process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException("node peer.js ended; its error is above.");
        using var answer = JsonDocument.Parse(line);
        return (answer.RootElement.GetProperty("ms").GetDouble(), answer.RootElement.GetProperty("bytes").GetInt64());
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Launch(string program, string folder, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
}
