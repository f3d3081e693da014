using System.Globalization;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using RemoveBg.Tests;

[assembly: Shuffled]

namespace RemoveBg.Tests;

/// <summary>Runs fixtures, and the tests in each, in an order that the seed REMOVEBG_SHUFFLE decides, so that none
/// comes to need another. ./test prints the seed; without one, NUnit's order holds.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class ShuffledAttribute : NUnitAttribute, IApplyToTest
{
    public const string Seed = "REMOVEBG_SHUFFLE";

    public void ApplyToTest(Test test)
    {
        if (Environment.GetEnvironmentVariable(Seed) is not { Length: > 0 } seed) return;
        Shuffle(test, new(int.Parse(seed, CultureInfo.InvariantCulture)));
    }

#pragma warning disable CA5394 // An order needs no cryptographic randomness.
    private static void Shuffle(ITest test, Random random)
    {
        // By name, so that the seed alone decides.
        foreach (var child in test.Tests.OrderBy(child => child.FullName, StringComparer.Ordinal))
        {
            child.Properties.Set(PropertyNames.Order, random.Next());
            Shuffle(child, random);
        }
    }
#pragma warning restore CA5394
}
