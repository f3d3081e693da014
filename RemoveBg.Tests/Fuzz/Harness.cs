using System.Diagnostics;
using System.Text.RegularExpressions;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Outcome of one input.</summary>
/// <param name="IsAccepted">Whether the parser took it.</param>
/// <param name="Kind">Tells outcomes apart: an input with a new kind of outcome is worth damaging further.</param>
/// <param name="Allocated">Bytes that the parser allocated.</param>
/// <param name="Time">Time that the parser took.</param>
internal readonly record struct Outcome(bool IsAccepted, string Kind, long Allocated, TimeSpan Time);

/// <summary>An invariant that an input has broken.</summary>
internal sealed class BrokenInvariantException(string message, Exception? cause = null) : Exception(message, cause)
{
    public static void Require(bool holds, string invariant)
    {
        if (!holds) throw new BrokenInvariantException(invariant);
    }
}

/// <summary>One of our parsers, and what must hold for every input.</summary>
/// <param name="Name">Name of its folder in the corpus.</param>
/// <param name="Seeds">Inputs to damage.</param>
/// <param name="Run">Parses an input. Throws what no caller expects: a broken invariant, or an exception that the
/// parser does not document.</param>
internal sealed partial record Harness(string Name, Func<IReadOnlyList<byte[]>> Seeds, Func<byte[], Outcome> Run)
{
    /// <summary>Pieces that are put into inputs: names and values that mean something to the parser.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Most bytes that the parser may allocate for any input, and further ones per byte of it.</summary>
    public (int Base, int PerByte) Memory { get; init; } = (300_000, 60);

    /// <summary>Whether the parser refuses nothing.</summary>
    public bool AcceptsAll { get; init; }

    public override string ToString() => Name;

    /// <summary>Makes a harness of a parser and its oracle.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="seeds">See <see cref="Seeds"/>.</param>
    /// <param name="parse">The parser alone, which is measured. Returns null for a refused input. It may change the
    /// input.</param>
    /// <param name="check">Checks the input and what was parsed; returns the kind of outcome.</param>
    /// <param name="refusals">Exceptions by which the parser refuses.</param>
    public static Harness Of<T>(string name, Func<IReadOnlyList<byte[]>> seeds, Func<byte[], T?> parse,
        Func<byte[], T, string> check, params Type[] refusals) where T : class => new(name, seeds, input =>
        {
            byte[] own = [.. input];
            var (before, start) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            T? parsed = null;
            Exception? refusal = null;
            try
            {
                parsed = parse(own);
            }
            catch (Exception problem) when (refusals.Contains(problem.GetType()))
            {
                refusal = problem;
            }
            var (time, allocated) = (Stopwatch.GetElapsedTime(start),
                GC.GetAllocatedBytesForCurrentThread() - before);
            var kind = parsed is not null ? check(input, parsed) : refusal is null ? "" : KindOf(refusal.Message);
            return new(parsed is not null, kind, allocated, time);
        });

    /// <summary>A message without what differs from input to input: numbers, and what it quotes.</summary>
    private static string KindOf(string message) => Different().Replace(message, "");

    [GeneratedRegex("""'[^']*'|\d+""")]
    private static partial Regex Different();
}
