using System.Globalization;

namespace RemoveBg.Tests.Given;

/// <summary>Generated histories, which model tests run against the service and a small model of it.</summary>
internal static class Histories
{
    /// <summary>Category of the model tests: <c>./test --models</c> runs them alone.</summary>
    public const string Category = "Model";

    /// <summary>Number of histories to run: <paramref name="usual"/>, times REMOVEBG_HISTORIES.</summary>
    public static long Count(int usual) => usual * long.Parse(
        Environment.GetEnvironmentVariable("REMOVEBG_HISTORIES") ?? "1", CultureInfo.InvariantCulture);
}
