namespace RemoveBg.Tests.Given;

/// <summary>A host and a caller that all tests of a fixture share.</summary>
public abstract class OneHostTests
{
    internal RunningHost Host { get; private set; } = null!;

    internal Caller Caller { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        Host = await StartHostAsync();
        Caller = await Caller.StartAsync();
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await Host.DisposeAsync();
        await Caller.DisposeAsync();
    }

    private protected virtual Task<RunningHost> StartHostAsync() => RunningHost.StartAsync();
}
