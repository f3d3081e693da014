namespace RemoveBg.Tests.Given;

/// <summary>Paths of the repository and its test data.</summary>
internal static class Repo
{
    public static string Root { get; } = SelfHost.Hosting.HostSettings.FindRoot();

    /// <summary>The API's description.</summary>
    public static string OpenApi { get; } = Path.Combine(Root, "RemoveBg.Functions", "Web", "openapi.json");

    public static string Sample(string name) => Path.Combine(Root, "samples", name);

    /// <summary>Test data that is too large, or not ours, to be in the repository: REMOVEBG_SHARED, or
    /// the folder shared beside it.</summary>
    public static string Shared { get; } = Environment.GetEnvironmentVariable("REMOVEBG_SHARED")
        ?? Path.GetFullPath(Path.Combine(Root, "..", "shared"));

    /// <summary>Folder of further test data; null if there is none, and tests use their own data only.</summary>
    public static string? SharedIfAny(params string[] path) =>
        Path.Combine([Shared, .. path]) is var full && Path.Exists(full) ? full : null;

    /// <summary>The path below the shared test data; without it the running test is skipped, and says why.</summary>
    public static string SharedOrSkip(params string[] path)
    {
        var full = Path.Combine([Shared, .. path]);
        if (!Path.Exists(full))
            Assert.Ignore(
                $"needs third-party data that may not be copied here: {Path.Combine(path)} below REMOVEBG_SHARED "
                + $"(default: the folder 'shared' beside the repository)");
        return full;
    }
}
