using System.Diagnostics;
using System.Globalization;
using System.Text;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Damaged inputs for each of our own parsers: <see cref="Harnesses"/>. On each push, a fixed number of the
/// same inputs; <c>./test --fuzz</c> runs others for some minutes.</summary>
public sealed class ParserFuzzTests
{
    private const int Seed = 7, OnEachPush = 1000;

    /// <summary>Rounds in which each harness has its turn.</summary>
    private const int Rounds = 10;

    /// <summary>Most time for one input, and time after which it counts as endless.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1), Endless = TimeSpan.FromSeconds(20);

    private static IEnumerable<string> Names() => Harnesses.All.Select(harness => harness.Name);

    [TestCaseSource(nameof(Names))]
    public async Task Damaged_inputs_meet_the_invariants(string name)
    {
        var fuzzer = new Fuzzer(Harnesses.Named(name), Seed);
        await RunAsync(fuzzer, () => fuzzer.Inputs < OnEachPush && !fuzzer.HasGivenUp);
        Assert.That(string.Join("\n\n", fuzzer.Failures), Is.Empty);
        Assert.That(fuzzer.AcceptedSeeds, Is.Positive, "what is whole is accepted");
        Assert.That(fuzzer.Inputs - fuzzer.Accepted, Harnesses.Named(name).AcceptsAll ? Is.Zero : Is.Positive);
    }

    [TestCaseSource(typeof(Corpus), nameof(Corpus.All))]
    public void A_kept_input_meets_the_invariants(string file)
    {
        var harness = Harnesses.All.SingleOrDefault(harness => file.StartsWith(harness.Name + "/",
            StringComparison.Ordinal));
        Assert.That(harness, Is.Not.Null, "the folder is named for a harness");
        Assert.That(() => Fuzzer.Judge(harness!, Corpus.Read(file)), Throws.Nothing);
    }

    /// <summary>Too large to be kept: 64 KiB.</summary>
    [Test]
    public void A_form_with_a_long_and_a_short_value_of_one_name_meets_the_invariants()
    {
        var form = Encoding.ASCII.GetBytes($"background={new string('A', LongTexts.Shortest)}&background=red");
        Assert.That(() => Fuzzer.Judge(Harnesses.Named("urlencoded"), form), Throws.Nothing);
    }

    [Test]
    public void Each_harness_has_a_name_of_its_own() => Assert.That(Names(), Is.Unique);

    /// <summary>Half of the minutes; the other half is DecoderFuzzTests'.</summary>
    [Test, Category("Fuzz")]
    public async Task Damaged_inputs_meet_the_invariants_for_minutes()
    {
        var turn = FuzzTime.Parsers / Rounds / Harnesses.All.Count;
        var fuzzers = Harnesses.All
            .Select(harness => (harness.Name, Fuzzer: new Fuzzer(harness, FuzzTime.Seed, Longest))).ToList();
        for (var round = 1; round <= Rounds; round++)
        {
            foreach (var (_, fuzzer) in fuzzers)
            {
                var start = Stopwatch.GetTimestamp();
                await RunAsync(fuzzer, () => !fuzzer.HasGivenUp && Stopwatch.GetElapsedTime(start) < turn);
                fuzzer.Spent += Stopwatch.GetElapsedTime(start);
            }
            TestContext.Progress.WriteLine($"Round {round} of {Rounds}: "
                + $"{fuzzers.Sum(each => each.Fuzzer.Inputs):N0} inputs, "
                + $"{fuzzers.Sum(each => each.Fuzzer.Failures.Count)} failures");
        }
        Report(fuzzers);
        Assert.That(string.Join("\n\n", fuzzers.SelectMany(each => each.Fuzzer.Failures)), Is.Empty);
    }

    /// <summary>Runs inputs on another thread, so that one that never ends is noticed.</summary>
    private static async Task RunAsync(Fuzzer fuzzer, Func<bool> goesOn)
    {
        var running = Task.Factory.StartNew(() =>
        {
            while (goesOn()) fuzzer.Next();
        }, TaskCreationOptions.LongRunning);
        for (var seen = -1; ;)
        {
            try
            {
                await running.WaitAsync(Endless);
                return;
            }
            catch (TimeoutException) when (fuzzer.Inputs != seen)
            {
                seen = fuzzer.Inputs;
            }
            catch (TimeoutException)
            {
                Assert.Fail($"An input takes longer than {Endless}: {fuzzer.WriteCurrent()}");
            }
        }
    }

    private static void Report(IReadOnlyList<(string Name, Fuzzer Fuzzer)> all)
    {
        var output = TestContext.Out;
        output.WriteLine($"Seed {FuzzTime.Seed}: REMOVEBG_FUZZ_SEED={FuzzTime.Seed} ./test --fuzz repeats the inputs.");
        output.WriteLine($"{"harness",-18}{"inputs",12}{"accepted",12}{"refused",12}{"slowest ms",12}{"per second",12}"
            + $"{"failures",10}{"new",6}");
        foreach (var (name, fuzzer) in all)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-18}{fuzzer.Inputs,12:N0}{fuzzer.Accepted,12:N0}{fuzzer.Inputs - fuzzer.Accepted,12:N0}"
                    + $"{fuzzer.Slowest.TotalMilliseconds,12:N1}{fuzzer.Inputs / fuzzer.Spent.TotalSeconds,12:N0}"
                    + $"{fuzzer.Failures.Count,10}{fuzzer.New.Count,6}"));
        foreach (var (name, fuzzer) in all)
            foreach (var input in fuzzer.New) Corpus.Write(name, "new", input);
        output.WriteLine("Inputs that failed, and those with a new kind of outcome (new), are in artifacts/fuzz. Keep "
            + "those that are worth running on each push in RemoveBg.Tests/Fuzz/Corpus.");
    }
}
