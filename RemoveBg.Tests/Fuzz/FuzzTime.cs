using System.Globalization;
using System.Security.Cryptography;

namespace RemoveBg.Tests.Fuzz;

/// <summary>The minutes of <c>./test --fuzz</c>, and how they are shared out.</summary>
internal static class FuzzTime
{
    private static readonly TimeSpan s_all = TimeSpan.FromMinutes(Read("REMOVEBG_FUZZ") ?? 5);

    /// <summary>Time of our own parsers together.</summary>
    public static TimeSpan Parsers => s_all / 2;

    /// <summary>Time of each format of the second decoder.</summary>
    public static TimeSpan PerFormat => s_all / 2 / Given.SecondFiles.All.Length;

    /// <summary>Seed of the run; another one each time, unless REMOVEBG_FUZZ_SEED gives it.</summary>
    public static int Seed { get; } = Read("REMOVEBG_FUZZ_SEED") ?? RandomNumberGenerator.GetInt32(1, int.MaxValue);

    private static int? Read(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture,
            out var number) ? number : null;
}
