namespace RemoveBg.Tests.Given;

/// <summary>Where things lie on disk.</summary>
internal static class Repo
{
    public static string Root { get; } = SelfHost.Hosting.HostSettings.FindRoot();

    public static string Sample(string name) => Path.Combine(Root, "samples", name);

    /// <summary>Test data that is too large, or not ours, to be in the repository: REMOVEBG_SHARED, or
    /// the folder shared beside it.</summary>
    public static string Shared { get; } = Environment.GetEnvironmentVariable("REMOVEBG_SHARED")
        ?? Path.GetFullPath(Path.Combine(Root, "..", "shared"));

    /// <summary>Further test data, where there is some. Null without it: then a test has its own alone.</summary>
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
