namespace RemoveBg.Tests.Given;

/// <summary>An empty folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("removebg").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
