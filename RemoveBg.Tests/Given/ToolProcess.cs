using System.Diagnostics;

namespace RemoveBg.Tests.Given;

/// <summary>Result of a call of the tool.</summary>
/// <param name="Output">Bytes of standard output.</param>
/// <param name="Errors">Text of standard error.</param>
internal sealed record ToolResult(int Code, byte[] Output, string Errors)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Output);
}

/// <summary><c>removebg</c> as a user or a script starts it: a process, with the shipped model, in a folder of its
/// own.</summary>
internal sealed class ToolProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly TemporaryFolder _folder = new();

    /// <summary>Working folder of every call.</summary>
    public string Folder => _folder.Path;

    /// <summary>Environment variables besides those of every call; null removes one.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    public string Path(params string[] parts) => System.IO.Path.Combine([Folder, .. parts]);

    /// <summary>Copies a sample into the folder.</summary>
    /// <returns>The name that was given.</returns>
    public string Sample(string name = "scene-mug.jpg", string? to = null)
    {
        var target = Path(to ?? System.IO.Path.GetFileName(name));
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
        File.Copy(Repo.Sample(name), target);
        return to ?? name;
    }

    /// <summary>Files below the folder, hidden ones included, in order.</summary>
    public IReadOnlyList<string> Files(string below = "") =>
        [.. Directory.EnumerateFiles(Path(below), "*", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(Folder, file).Replace('\\', '/')).Order()];

    public Task<ToolResult> RunAsync(params string[] arguments) => RunAsync(null, arguments);

    /// <param name="input">Standard input; null for none.</param>
    /// <param name="arguments">Words after <c>removebg</c>.</param>
    public async Task<ToolResult> RunAsync(byte[]? input, string[] arguments)
    {
        using var process = Start(arguments);
        using var output = new MemoryStream();
        var (copying, errors) = (process.StandardOutput.BaseStream.CopyToAsync(output),
            process.StandardError.ReadToEndAsync());
        if (input is not null) await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Limit);
        await copying;
        return new(process.ExitCode, output.ToArray(), await errors);
    }

    public Process Start(params string[] arguments) => Start("dotnet", [Program, .. arguments]);

    /// <summary>Starts it as a terminal does: Ctrl-C is not ignored, which a shell's background jobs inherit.</summary>
    public Process StartForCtrlC(params string[] arguments)
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("needs env of coreutils");
        return Start("env", ["--default-signal=INT,HUP", "dotnet", Program, .. arguments]);
    }

    public static string Program { get; } =
        System.IO.Path.Combine(AppContext.BaseDirectory, "RemoveBg.SelfHost.dll");

    public void Dispose() => _folder.Dispose();

    private Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        start.Environment["REMOVEBG_ROOT"] = Repo.Root;
        start.Environment["RemoveBg__Model__Name"] = "removebg";
        // No other model, wherever this machine may have one.
        start.Environment["RemoveBg__Model__Folders"] = System.IO.Path.Combine(Repo.Root, "models");
        start.Environment["RemoveBg__Model__Cache"] = Path("no-models");
        foreach (var name in new[] { "AzureWebJobsStorage", "REMOVEBG_KEY", "DOTNET_ENVIRONMENT" })
            start.Environment.Remove(name);
        foreach (var (name, value) in Environment)
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
