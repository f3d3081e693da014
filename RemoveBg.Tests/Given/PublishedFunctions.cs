using System.Diagnostics;

namespace RemoveBg.Tests.Given;

/// <summary>The package that goes to Azure, published once per test run.</summary>
internal static class PublishedFunctions
{
    private static readonly Lazy<Task<string>> Once = new(PublishAsync);

    /// <summary>Publishes RemoveBg.Functions on the first call.</summary>
    /// <returns>The folder of the package: what <c>dotnet publish RemoveBg.Functions -c Release</c> writes.</returns>
    /// <exception cref="InvalidOperationException">The publish failed; the message has its output.</exception>
    public static Task<string> FolderAsync() => Once.Value;

    private static async Task<string> PublishAsync()
    {
        var folder = Path.Combine(Repo.Root, "artifacts", "functions");
        // A file of an earlier publish must not pass for one of this.
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = Repo.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The build of the tests has restored everything. No build server outlives the run.
        foreach (var argument in (string[])
            ["publish", "RemoveBg.Functions", "-c", "Release", "-o", folder, "--no-restore", "-nologo", "-v", "minimal",
                "-nodeReuse:false", "-p:UseSharedCompilation=false"])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"dotnet publish: {await output}{await errors}");
        return folder;
    }
}
