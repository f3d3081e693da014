using System.Globalization;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Runs one harness: damages its seeds, its kept inputs, and those that had a new kind of outcome.</summary>
internal sealed class Fuzzer
{
    /// <summary>Inputs that are remembered of those that are accepted and of those that are refused, and failures after
    /// which a harness stops.</summary>
    private const int MostInputs = 500, MostFailures = 5;

    /// <summary>Longest input without a report, in bytes, of those that are written for their new outcome.</summary>
    private const int LongestNew = 4096;

    private readonly Harness _harness;
    private readonly Random _random;
    private readonly Mutator _mutator;
    private readonly List<byte[]> _accepted = [], _refused = [];
    private readonly HashSet<string> _kinds = [], _faults = [];
    private readonly TimeSpan? _longest;
    private byte[] _current = [];

    /// <param name="harness">The parser.</param>
    /// <param name="seed">Decides all inputs.</param>
    /// <param name="longest">Most time for an input; null judges no time.</param>
    public Fuzzer(Harness harness, int seed, TimeSpan? longest = null)
    {
        (_harness, _longest) = (harness, longest);
        _random = new(seed);
        _mutator = new(_random, harness.Words);
        // The first run of each also compiles, and fills what is made once.
        foreach (var input in harness.Seeds().Concat(Corpus.Of(harness.Name)))
        {
            var outcome = _harness.Run(input);
            _kinds.Add(outcome.Kind);
            (outcome.IsAccepted ? _accepted : _refused).Add(input);
        }
        AcceptedSeeds = _accepted.Count;
    }

    /// <summary>Inputs that were accepted before they were damaged.</summary>
    public int AcceptedSeeds { get; }

    public int Inputs { get; private set; }

    public int Accepted { get; private set; }

    public TimeSpan Slowest { get; private set; }

    public TimeSpan Spent { get; set; }

    /// <summary>Each with the file of its input.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Accepted inputs with an outcome of a new kind.</summary>
    public List<byte[]> New { get; } = [];

    public bool HasGivenUp => Failures.Count >= MostFailures;

    /// <summary>Writes the input that runs.</summary>
    public string WriteCurrent() => Corpus.Write(_harness.Name, "endless", _current);

    public void Next()
    {
        _current = _mutator.Change(Any(), Any());
        Inputs++;
        try
        {
            var outcome = Judge(_harness, _current, _longest);
            if (outcome.IsAccepted) Accepted++;
            if (outcome.Time > Slowest) Slowest = outcome.Time;
            var alike = outcome.IsAccepted ? _accepted : _refused;
            if (alike.Count >= MostInputs || !_kinds.Add(outcome.Kind)) return;
            alike.Add(_current);
            if (outcome.IsAccepted && _current.Length <= LongestNew) New.Add(_current);
        }
        catch (Exception failure)
        {
            // The same fault once: what is thrown, and where in our code.
            var place = failure.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains(" RemoveBg.",
                StringComparison.Ordinal) && !line.Contains("BrokenInvariant", StringComparison.Ordinal));
            if (!_faults.Add($"{failure.GetType()} {place}")) return;
            Failures.Add($"{_harness.Name}, input {Inputs}: {failure.GetType().Name}: {failure.Message}\n"
                + Corpus.Write(_harness.Name, "failure", _current) + $"\n{failure.StackTrace}");
        }
    }

    /// <summary>Runs an input, and checks the memory and the time that it takes.</summary>
    public static Outcome Judge(Harness harness, byte[] input, TimeSpan? longest = null)
    {
        var most = harness.Memory.Base + (long)harness.Memory.PerByte * input.Length;
        var outcome = harness.Run(input);
        // Other programs take time, and what is made once takes memory: the best of some runs counts.
        for (var again = 0; again < 3 && (outcome.Allocated > most || outcome.Time > longest); again++)
        {
            var other = harness.Run(input);
            outcome = outcome with { Allocated = Math.Min(outcome.Allocated, other.Allocated),
                Time = other.Time < outcome.Time ? other.Time : outcome.Time };
        }
        BrokenInvariantException.Require(outcome.Allocated <= most, string.Create(CultureInfo.InvariantCulture,
            $"{input.Length:N0} bytes allocate {outcome.Allocated:N0}; at most {most:N0} may be"));
        BrokenInvariantException.Require(!(outcome.Time > longest), string.Create(CultureInfo.InvariantCulture,
            $"{input.Length:N0} bytes take {outcome.Time.TotalMilliseconds:N0} ms"));
        return outcome;
    }

    /// <summary>Mostly an input that was accepted: damaged, it gets further than one that was refused.</summary>
    private byte[] Any()
    {
        var some = _refused.Count == 0 || _accepted.Count > 0 && _random.Next(4) > 0 ? _accepted : _refused;
        return some[_random.Next(some.Count)];
    }
}
