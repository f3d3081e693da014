using Azure.Data.Tables;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Submit;

/// <summary>Generated submissions, deletions and sweeps against a dictionary that forgets after 24 hours.</summary>
[Category(Histories.Category)]
public sealed class IdempotencyModelTests
{
    private static readonly Gen<Step[]> Steps = Gen.Select(
        Gen.Frequency((6, Gen.Const(Act.Submit)), (2, Gen.Const(Act.Delete)), (1, Gen.Const(Act.Sweep))),
        Gen.Int[0, 2], Gen.Int[0, 1], Gen.OneOf<int>(0, 0, 1, 11, 24, 25),
        (act, key, body, hours) => new Step(act, key, body, hours)).Array[1, 14];

    private enum Act { Submit, Delete, Sweep }

    [Test]
    public async Task Generated_submissions_find_what_a_dictionary_finds()
    {
        var storage = Storage.NewAccount();
        await new TableClient(storage, "idempotency").CreateAsync();
        var number = 0;
        // One history after the other: a sweep at the time of one deletes rows of all.
        await Steps.SampleAsync(async steps =>
        {
            var clock = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
            await using var services = KeyCommands.Services(storage, clock);
            var table = services.GetRequiredService<IdempotencyTable>();
            var keyId = $"key_{Interlocked.Increment(ref number)}";
            var rows = Enumerable.Range(0, 3).Select(key => IdempotencyTable.RowOf($"{key}")).ToList();
            var (model, artworks) = (new Dictionary<int, Entry>(), new List<Artwork>());
            foreach (var step in steps)
            {
                clock.Advance(TimeSpan.FromHours(step.Hours));
                switch (step.Act)
                {
                    case Act.Submit:
                        var proposed = Guid.NewGuid();
                        var found = await ClaimAsync(proposed);
                        if (found != Expected(proposed)) return false;
                        // The record of the artwork is created once.
                        if (Guid.TryParse(found, out var id) && artworks.All(artwork => artwork.Id != id))
                            artworks.Add(new()
                            {
                                Id = id, KeyId = keyId, IdempotencyRow = rows[step.Key], ImageUrl = "",
                                OutputFormat = OutputFormat.Auto, CreatedAt = clock.GetUtcNow(),
                                Status = ArtworkStatus.Starting,
                            });
                        break;
                    case Act.Delete when artworks.Count > 0:
                        var deleted = artworks[step.Key % artworks.Count];
                        await table.MarkDeletedAsync(deleted, CancellationToken.None);
                        foreach (var entry in model.Values.Where(entry => entry.ArtworkId == deleted.Id))
                            entry.IsDeleted = true;
                        break;
                    case Act.Sweep:
                        await table.DeleteExpiredAsync(() => false, CancellationToken.None);
                        break;
                }

                // An id, or what is wrong.
                async Task<string> ClaimAsync(Guid artwork)
                {
                    try
                    {
                        return (await table.ClaimAsync(keyId, rows[step.Key], new($"body {step.Body}"), artwork,
                            CancellationToken.None)).ToString();
                    }
                    catch (ApiException problem)
                    {
                        return problem.Message.Contains("deleted", StringComparison.Ordinal) ? "deleted"
                            : problem.Message.Contains("another body", StringComparison.Ordinal) ? "another body"
                            : problem.Message;
                    }
                }

                string Expected(Guid artwork)
                {
                    if (!model.TryGetValue(step.Key, out var entry)
                        || clock.GetUtcNow() - entry.At >= TimeSpan.FromHours(24))
                        model[step.Key] = entry = new(artwork, step.Body, clock.GetUtcNow());
                    return entry.Body != step.Body ? "another body" : entry.IsDeleted ? "deleted"
                        : entry.ArtworkId.ToString();
                }
            }
            return true;
        }, iter: Histories.Count(80), threads: 1, print: steps => string.Join(", ", steps.Select(step => $"{step}")));
    }

    /// <param name="Act">What happens.</param>
    /// <param name="Key">Which idempotency key; of a deletion, which artwork.</param>
    /// <param name="Body">Which body.</param>
    /// <param name="Hours">Hours that pass before it.</param>
    private sealed record Step(Act Act, int Key, int Body, int Hours);

    private sealed record Entry(Guid ArtworkId, int Body, DateTimeOffset At)
    {
        public bool IsDeleted { get; set; }
    }
}
