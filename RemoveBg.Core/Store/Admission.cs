using System.Collections.Concurrent;
using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Store;

/// <summary>Keeps one key's burst from delaying other keys.</summary>
/// <remarks>
/// At most <see cref="Artwork.ConcurrentJobs"/> artworks per key hold a permit, that is, are queued or running. The
/// others wait in the table, oldest first, and take over the permits of those that end.
/// <para>
/// Rows, in the key's partition next to the list of its artworks: <c>turn_{n}</c> for each permit taken, with n below
/// the cap, and <c>wait_{id}</c>. Row names are unique, which makes the cap strict. A permit is passed on in one
/// transaction. After a crash, <see cref="ResumeAsync"/> and a check of every permit older than <see cref="Stale"/>
/// (<see cref="CheckAsync"/>) repair what is left.
/// </para>
/// </remarks>
public sealed class Admission(StorageClients storage, ArtworkTable artworks, ArtworkQueues queues,
    ServiceMetrics metrics, TimeProvider clock, ILogger<Admission> log)
{
    private const string PermitPrefix = "turn_", WaitPrefix = "wait_";
    private static readonly TimeSpan Stale = ArtworkTransitions.QueuePatience;

    /// <summary>Time for which a key without a free permit is assumed to have none, which saves failing
    /// writes.</summary>
    private static readonly TimeSpan FullFor = TimeSpan.FromSeconds(2);

    private readonly TableClient _rows = storage.Table(ArtworkTable.ByKey);
    private readonly ConcurrentDictionary<string, long> _foundFull = new();

    /// <summary>Lists a new artwork under its key and gives it a permit, or lets it wait for one.</summary>
    public async Task EnterAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        var seemsFull = _foundFull.TryGetValue(artwork.KeyId, out var at) && clock.GetElapsedTime(at) < FullFor;
        if (!seemsFull && await TryTakePermitAsync(artwork, cancellationToken))
            await queues.SendToProcessAsync(artwork, attempt: 1, TimeSpan.Zero, cancellationToken);
        else await WaitAsync(artwork, cancellationToken);
    }

    /// <summary>Passes the permit of an artwork that has ended to the one that has waited longest. Does nothing the
    /// second time.</summary>
    public async Task LeaveAsync(Artwork ended, CancellationToken cancellationToken)
    {
        if (ended.Attempt == 0)
            await _rows.DeleteEntityAsync(ended.KeyId, WaitRow(ended.Id), ETag.All, cancellationToken);
        await PassOnAsync(ended.KeyId, ended.ConcurrentJobs, ended.Id, cancellationToken);
    }

    /// <summary>Recovers an artwork that should have been started long ago: sends its message again if it has a permit,
    /// else lets it wait for one.</summary>
    public async Task ResumeAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        var (permits, _) = await ReadAsync(artwork.KeyId, cancellationToken);
        if (permits.Any(permit => permit.ArtworkId == artwork.Id))
            await queues.SendToProcessAsync(artwork, artwork.Attempt + 1, TimeSpan.Zero, cancellationToken);
        else await WaitAsync(artwork, cancellationToken);
    }

    /// <summary>Whether the artwork waits for a permit.</summary>
    public async Task<bool> WaitsAsync(Artwork artwork, CancellationToken cancellationToken) =>
        (await _rows.GetEntityIfExistsAsync<TableEntity>(artwork.KeyId, WaitRow(artwork.Id), ["RowKey"],
            cancellationToken)).HasValue;

    /// <summary>Gives the free and stale permits of this artwork's key to artworks that wait.</summary>
    public Task PassOnFreeAsync(Artwork artwork, CancellationToken cancellationToken) =>
        PassOnAsync(artwork.KeyId, artwork.ConcurrentJobs, endedId: null, cancellationToken);

    /// <summary>Looks after a key whose artworks wait: gives its free and stale permits to them, and finds those that
    /// got a permit but were not started since, perhaps because the message is lost.</summary>
    /// <returns>Whether the key has neither permits nor waiting artworks, and the artworks that were not
    /// started.</returns>
    public async Task<(bool IsIdle, IReadOnlyList<Artwork> NotStarted)> CheckAsync(string keyId, int concurrentJobs,
        CancellationToken cancellationToken)
    {
        await PassOnAsync(keyId, concurrentJobs, endedId: null, cancellationToken);
        var (permits, waiting) = await ReadAsync(keyId, cancellationToken);
        var notStarted = new List<Artwork>();
        foreach (var permit in permits.Where(IsStale))
            if (await artworks.FindAsync(permit.ArtworkId, cancellationToken)
                is { Status: ArtworkStatus.Starting, DueAt: null } artwork) notStarted.Add(artwork);
        return (permits.Count + waiting.Count == 0, notStarted);
    }

    /// <summary>Deletes the list entries of artworks, and what is left of their permits and of their waiting.</summary>
    public async Task ForgetAsync(IReadOnlyList<Artwork> deleted, CancellationToken cancellationToken)
    {
        foreach (var key in deleted.GroupBy(artwork => artwork.KeyId))
        {
            var ids = key.Select(artwork => artwork.Id).ToHashSet();
            var rows = key.Select(artwork => new TableEntity(key.Key, ArtworkTable.ListEntry(artwork).RowKey)).ToList();
            await foreach (var row in Between(key.Key, PermitPrefix, "turn`", cancellationToken))
                if (ids.Contains(row.GetGuid("Id")!.Value)) rows.Add(row);
            // One that a worker has claimed no longer waits.
            var waits = key.Where(artwork => artwork.Attempt == 0).Select(artwork => WaitRow(artwork.Id)).ToHashSet();
            if (waits.Count > 0)
                await foreach (var row in Between(key.Key, waits.Min(StringComparer.Ordinal)!,
                    waits.Max(StringComparer.Ordinal) + '_', cancellationToken))
                    if (waits.Contains(row.RowKey)) rows.Add(row);
            await _rows.DeleteAllAsync(rows, cancellationToken);
        }
    }

    /// <summary>Deletes a key's rows (list, permits, waits) whose artwork has no record. A record is written before
    /// these rows, so they belong to deleted artworks.</summary>
    internal async Task DeleteOrphansAsync(string keyId, CancellationToken cancellationToken)
    {
        await foreach (var row in _rows.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {keyId}"), cancellationToken: cancellationToken))
        {
            var id = row.GetGuid("Id") ?? Guid.ParseExact(row.RowKey.AsSpan(WaitPrefix.Length), "N");
            if (await artworks.FindAsync(id, cancellationToken) is not null) continue;
            try
            {
                await _rows.DeleteEntityAsync(row, row.ETag, cancellationToken);
            }
            catch (RequestFailedException problem) when (problem.Status == 412)
            {
                // The permit belongs to another artwork by now.
            }
        }
    }

    private async Task<bool> TryTakePermitAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        // Guess a permit: while most are free, a rare 409 is cheaper than a query.
        var permit = new Permit(Random.Shared.Next(artwork.ConcurrentJobs), artwork.Id, clock.GetUtcNow(), default);
        return await _rows.TrySubmitAsync(
            [new(TableTransactionActionType.Add, Row(artwork.KeyId, permit)), ListEntry(artwork)],
            cancellationToken) is not null;
    }

    private async Task WaitAsync(Artwork artwork, CancellationToken cancellationToken)
    {
        await _rows.SubmitTransactionAsync(
            [ListEntry(artwork), new(TableTransactionActionType.UpsertReplace,
                new TableEntity(artwork.KeyId, WaitRow(artwork.Id)))], cancellationToken);
        // Only now: from here on the sweeper finds it by its key. If the record has changed, it waits no longer.
        await artworks.TryLetWaitAsync(artwork, cancellationToken);
        // A permit may have become free meanwhile, and no other event may pass it on.
        await PassOnFreeAsync(artwork, cancellationToken);
    }

    private async Task PassOnAsync(string keyId, int concurrentJobs, Guid? endedId, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (permits, waiting) = await ReadAsync(keyId, cancellationToken);
            var ended = await FindEndedAsync(permits, endedId, cancellationToken);
            var next = waiting.Count > 0 ? waiting[0] : (Guid?)null;
            var reclaimed = ended.FirstOrDefault(permit => permit.Number < concurrentJobs || next is null);
            var unused = next is not null && reclaimed is null ? Unused(permits, concurrentJobs) : null;
            if (reclaimed is null && unused is null)
            {
                if (next is not null) _foundFull[keyId] = clock.GetTimestamp();
                return;
            }

            // Another instance was faster: read again.
            if (!await TryPassOnAsync(keyId, reclaimed, unused, next, cancellationToken)) continue;
            if (next is { } id) await queues.SendToProcessAsync(id, cancellationToken);
            if (waiting.Count <= 1 && ended.Count <= 1) return;
        }
    }

    /// <summary>Passes on, takes or, when no artwork waits, releases a permit, in one transaction.</summary>
    private async Task<bool> TryPassOnAsync(string keyId, Permit? reclaimed, int? unused, Guid? next,
        CancellationToken cancellationToken)
    {
        if (next is not { } id)
        {
            var row = Row(keyId, reclaimed!);
            row.ETag = reclaimed!.ETag;
            await _rows.TryDeleteAsync(row, cancellationToken);
            return true;
        }
        var permit = new Permit(reclaimed?.Number ?? unused!.Value, id, clock.GetUtcNow(), default);
        return await _rows.TrySubmitAsync(
        [
            new(reclaimed is null ? TableTransactionActionType.Add : TableTransactionActionType.UpdateReplace,
                Row(keyId, permit), reclaimed?.ETag ?? default),
            new(TableTransactionActionType.Delete, new TableEntity(keyId, WaitRow(id)), ETag.All),
        ], cancellationToken) is not null;
    }

    /// <summary>Finds permits whose artwork has ended: the given one, and old ones whose worker died before it could
    /// pass them on.</summary>
    private async Task<IReadOnlyList<Permit>> FindEndedAsync(IReadOnlyList<Permit> permits, Guid? endedId,
        CancellationToken cancellationToken)
    {
        var found = new List<Permit>();
        foreach (var permit in permits)
        {
            if (permit.ArtworkId == endedId)
            {
                found.Add(permit);
            }
            else if (IsStale(permit)
                && (await artworks.FindAsync(permit.ArtworkId, cancellationToken))?.Status.IsTerminal() != false)
            {
                metrics.Fault(Fault.StaleTurn);
                log.StalePermit(permit.ArtworkId);
                found.Add(permit);
            }
        }
        return found;
    }

    /// <summary>Whether a permit is so old that its worker may have died. One from the future counts, too: the clock of
    /// its host was ahead.</summary>
    private bool IsStale(Permit permit) => !StoredTime.IsAhead(permit.Since + Stale, clock.GetUtcNow(), Stale);

    private static int? Unused(IReadOnlyList<Permit> permits, int limit)
    {
        var taken = permits.Select(permit => permit.Number).ToHashSet();
        for (var number = 0; number < limit; number++)
            if (!taken.Contains(number)) return number;
        return null;
    }

    /// <returns>All permits taken, and the first two waiting artworks.</returns>
    private async Task<(IReadOnlyList<Permit> Permits, IReadOnlyList<Guid> Waiting)> ReadAsync(string keyId,
        CancellationToken cancellationToken)
    {
        var (permits, waiting) = (new List<Permit>(), new List<Guid>());
        await foreach (var row in Between(keyId, PermitPrefix, "wait`", cancellationToken))
        {
            if (row.RowKey.StartsWith(PermitPrefix, StringComparison.Ordinal))
            {
                permits.Add(new(
                    int.Parse(row.RowKey.AsSpan(PermitPrefix.Length), CultureInfo.InvariantCulture),
                    row.GetGuid("Id")!.Value, row.GetDateTimeOffset("Since")!.Value, row.ETag));
                continue;
            }
            waiting.Add(Guid.ParseExact(row.RowKey.AsSpan(WaitPrefix.Length), "N"));
            if (waiting.Count == 2) break;
        }
        return (permits, waiting);
    }

    private AsyncPageable<TableEntity> Between(string keyId, string from, string to,
        CancellationToken cancellationToken) =>
        _rows.QueryAsync<TableEntity>(TableClient.CreateQueryFilter(
            $"PartitionKey eq {keyId} and RowKey ge {from} and RowKey lt {to}"), maxPerPage: 100,
            cancellationToken: cancellationToken);

    private static TableTransactionAction ListEntry(Artwork artwork) =>
        new(TableTransactionActionType.UpsertReplace, ArtworkTable.ListEntry(artwork));

    private static TableEntity Row(string keyId, Permit permit) =>
        new(keyId, FormattableString.Invariant($"{PermitPrefix}{permit.Number:D9}")) { ["Id"] = permit.ArtworkId,
            ["Since"] = permit.Since };

    private static string WaitRow(Guid id) => WaitPrefix + id.ToString("N");

    private sealed record Permit(int Number, Guid ArtworkId, DateTimeOffset Since, ETag ETag);
}
