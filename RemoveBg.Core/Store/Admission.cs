using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Store;

/// <summary>
/// Fairness between keys. Of each key at most <see cref="Artwork.ConcurrentJobs"/> artworks have a turn, that is a
/// message on the queue or a worker; the others wait in the table, oldest first, and inherit the turn of one that has
/// ended. So a key's burst lengthens its own queue only.
/// <para>
/// Rows, in the key's partition beside the list of its artworks: <c>turn_{n}</c>, n below the cap, for each
/// turn taken (that no second row of a name can exist makes the cap strict), and <c>wait_{id}</c>. A turn
/// changes hands in one transaction; what a crash leaves behind is repaired by <see cref="ResumeAsync"/> and by
/// a look at every turn older than <see cref="Stale"/>.
/// </para>
/// </summary>
public sealed class Admission(StorageClients storage, ArtworkTable artworks, ArtworkQueues queues,
    ServiceMetrics metrics, TimeProvider clock, ILogger<Admission> log)
{
    private const string TurnPrefix = "turn_", WaitPrefix = "wait_";
    private static readonly TimeSpan Stale = ArtworkTransitions.QueuePatience;

    /// <summary>How long a key without a free turn is taken to have none: saves a write that would fail.</summary>
    private static readonly TimeSpan FullFor = TimeSpan.FromSeconds(2);

    private readonly TableClient _rows = storage.Table(ArtworkTable.ByKey);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _fullUntil = new();

    /// <summary>Lists a new artwork under its key and gives it a turn, or lets it wait for one.</summary>
    public async Task EnterAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        var seemsFull = _fullUntil.TryGetValue(artwork.KeyId, out var until) && until > clock.GetUtcNow();
        if (!seemsFull && await TryTakeTurnAsync(artwork, cancellationToken))
            await queues.SendToProcessAsync(artwork, attempt: 1, TimeSpan.Zero, cancellationToken);
        else await WaitAsync(artwork, cancellationToken);
    }

    /// <summary>An artwork has ended: its turn goes to the one that waits longest. Does
    /// nothing the second time.</summary>
    public async Task LeaveAsync(Artwork ended, CancellationToken cancellationToken)
    {
        if (ended.Attempt == 0)
            await _rows.DeleteEntityAsync(ended.KeyId, WaitRow(ended.Id), ETag.All, cancellationToken);
        await PassOnAsync(ended, hasEnded: true, cancellationToken);
    }

    /// <summary>For an artwork that should have been started long ago: its message again if it has a turn,
    /// else a place among those who wait.</summary>
    public async Task ResumeAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        var (turns, _) = await ReadAsync(artwork.KeyId, cancellationToken);
        if (turns.Any(turn => turn.ArtworkId == artwork.Id))
            await queues.SendToProcessAsync(artwork, artwork.Attempt + 1, TimeSpan.Zero, cancellationToken);
        else await WaitAsync(artwork, cancellationToken);
    }

    /// <summary>Whether it waits for a turn, as it should.</summary>
    public async Task<bool> WaitsAsync(Artwork artwork, CancellationToken cancellationToken) =>
        (await _rows.GetEntityIfExistsAsync<TableEntity>(artwork.KeyId, WaitRow(artwork.Id), ["RowKey"],
            cancellationToken)).HasValue;

    /// <summary>Gives turns of this artwork's key that are free, or whose artwork has
    /// ended, to those who wait.</summary>
    public Task PassOnFreeAsync(Artwork artwork, CancellationToken cancellationToken) =>
        PassOnAsync(artwork, hasEnded: false, cancellationToken);

    private async Task<bool> TryTakeTurnAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        try
        {
            // Which one is free is not known; as long as most are, a blind try costs less than a look.
            var turn = new Turn(Random.Shared.Next(artwork.ConcurrentJobs), artwork.Id, clock.GetUtcNow(), default);
            await _rows.SubmitTransactionAsync(
                [Listed(artwork), new(TableTransactionActionType.Add, Row(artwork.KeyId, turn))], cancellationToken);
            return true;
        }
        catch (RequestFailedException problem) when (problem.Status == 409)
        {
            return false;
        }
    }

    private async Task WaitAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        await _rows.SubmitTransactionAsync(
            [Listed(artwork), new(TableTransactionActionType.UpsertReplace,
                new TableEntity(artwork.KeyId, WaitRow(artwork.Id)))], cancellationToken);
        // A turn may have become free since the last look, and nobody else may come by.
        await PassOnAsync(artwork, hasEnded: false, cancellationToken);
    }

    private async Task PassOnAsync(Artwork artwork, bool hasEnded, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (turns, waiting) = await ReadAsync(artwork.KeyId, cancellationToken);
            var over = await OverAsync(turns, hasEnded ? artwork.Id : null, cancellationToken);
            var next = waiting.Count > 0 ? waiting[0] : (Guid?)null;
            var inherited = over.FirstOrDefault(turn => turn.Number < artwork.ConcurrentJobs || next is null);
            var unused = next is not null && inherited is null ? Unused(turns, artwork.ConcurrentJobs) : null;
            if (inherited is null && unused is null)
            {
                if (next is not null) _fullUntil[artwork.KeyId] = clock.GetUtcNow() + FullFor;
                return;
            }

            // Somebody else was faster: look again.
            if (!await TryGiveAsync(artwork.KeyId, inherited, unused, next, cancellationToken)) continue;
            if (next is { } id) await queues.SendToProcessAsync(id, cancellationToken);
            if (waiting.Count <= 1 && over.Count <= 1) return;
        }
    }

    /// <summary>One transaction: the turn changes hands, is taken, or (when nobody waits) is given up.</summary>
    private async Task<bool> TryGiveAsync(string keyId, Turn? inherited, int? unused, Guid? next,
        CancellationToken cancellationToken)
    {
        List<TableTransactionAction> actions = [];
        if (next is { } id)
        {
            var turn = new Turn(inherited?.Number ?? unused!.Value, id, clock.GetUtcNow(), default);
            actions.Add(new(inherited is null ? TableTransactionActionType.Add
                : TableTransactionActionType.UpdateReplace, Row(keyId, turn), inherited?.ETag ?? default));
            actions.Add(new(TableTransactionActionType.Delete, new TableEntity(keyId, WaitRow(id)), ETag.All));
        }
        else
        {
            actions.Add(new(TableTransactionActionType.Delete, Row(keyId, inherited!), inherited!.ETag));
        }
        try
        {
            await _rows.SubmitTransactionAsync(actions, cancellationToken);
            return true;
        }
        catch (RequestFailedException problem) when (problem.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    /// <summary>Turns whose artwork has ended: the one we know of, and old ones whose worker died
    /// before it could pass them on.</summary>
    private async Task<IReadOnlyList<Turn>> OverAsync(IReadOnlyList<Turn> turns, Guid? ended,
        CancellationToken cancellationToken)
    {
        var over = new List<Turn>();
        foreach (var turn in turns)
        {
            if (turn.ArtworkId == ended)
            {
                over.Add(turn);
            }
            else if (turn.Since < clock.GetUtcNow() - Stale
                && (await artworks.FindAsync(turn.ArtworkId, cancellationToken))?.Status.IsTerminal() != false)
            {
                metrics.Fault(Fault.StaleTurn);
                log.StalePermit(turn.ArtworkId);
                over.Add(turn);
            }
        }
        return over;
    }

    private static int? Unused(IReadOnlyList<Turn> turns, int limit)
    {
        var taken = turns.Select(turn => turn.Number).ToHashSet();
        for (var number = 0; number < limit; number++)
            if (!taken.Contains(number)) return number;
        return null;
    }

    /// <returns>All turns taken, and the first two who wait.</returns>
    private async Task<(IReadOnlyList<Turn> Turns, IReadOnlyList<Guid> Waiting)> ReadAsync(string keyId,
        CancellationToken cancellationToken)
    {
        var (turns, waiting) = (new List<Turn>(), new List<Guid>());
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {keyId} and RowKey ge {TurnPrefix} and RowKey lt {"wait`"}");
        await foreach (var row
            in _rows.QueryAsync<TableEntity>(filter, maxPerPage: 100, cancellationToken: cancellationToken))
        {
            if (row.RowKey.StartsWith(TurnPrefix, StringComparison.Ordinal))
            {
                turns.Add(new(
                    int.Parse(row.RowKey.AsSpan(TurnPrefix.Length), System.Globalization.CultureInfo.InvariantCulture),
                    row.GetGuid("Id")!.Value, row.GetDateTimeOffset("Since")!.Value, row.ETag));
                continue;
            }
            waiting.Add(Guid.ParseExact(row.RowKey.AsSpan(WaitPrefix.Length), "N"));
            if (waiting.Count == 2) break;
        }
        return (turns, waiting);
    }

    private static TableTransactionAction Listed(Artwork artwork) =>
        new(TableTransactionActionType.UpsertReplace, ArtworkTable.ListEntry(artwork));

    private static TableEntity Row(string keyId, Turn turn) =>
        new(keyId, FormattableString.Invariant($"{TurnPrefix}{turn.Number:D9}")) { ["Id"] = turn.ArtworkId,
            ["Since"] = turn.Since };

    private static string WaitRow(Guid id) => WaitPrefix + id.ToString("N");

    private sealed record Turn(int Number, Guid ArtworkId, DateTimeOffset Since, ETag ETag);
}
