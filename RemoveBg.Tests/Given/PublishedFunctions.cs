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
        // The build of the tests has restored everything.
        var (code, output) = await Dotnet.RunAsync(Repo.Root, [], ["publish", "RemoveBg.Functions", "-c",
            "Release", "-o", folder, "--no-restore", "-nologo", "-v", "minimal", .. Dotnet.NoServer]);
        return code == 0 ? folder : throw new InvalidOperationException($"dotnet publish: {output}");
    }
}
