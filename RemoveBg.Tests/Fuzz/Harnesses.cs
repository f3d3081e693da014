namespace RemoveBg.Tests.Fuzz;

/// <summary>All readers of our own that take bytes from outside.</summary>
internal static class Harnesses
{
    public static IReadOnlyList<Harness> All { get; } =
        [.. FileHarnesses.All, .. RequestHarnesses.All, .. HeaderHarnesses.All, .. SecretHarnesses.All];

    public static Harness Named(string name) => All.Single(harness => harness.Name == name);
}
