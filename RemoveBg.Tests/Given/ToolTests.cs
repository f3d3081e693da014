namespace RemoveBg.Tests.Given;

/// <summary>Calls of <c>removebg</c>, each test in a folder of its own.</summary>
public abstract class ToolTests
{
    internal ToolProcess Tool { get; private set; } = null!;

    [SetUp]
    public void MakeFolder() => Tool = new();

    [TearDown]
    public void RemoveFolder() => Tool.Dispose();
}
