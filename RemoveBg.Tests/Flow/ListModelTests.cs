using Azure.Data.Tables;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Generated lists of artworks, read page by page while artworks come, end and go, against plain
/// lists.</summary>
[Category(Histories.Category)]
public sealed class ListModelTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Artworks of two keys, each as the key and whether it was canceled.</summary>
    private static readonly Gen<(bool IsMine, bool IsCanceled)[]> Stored =
        Gen.Select(Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false))), Gen.Bool).Array[0, 16];

    private static readonly Gen<Event[]> Events = Gen.Select(Gen.Enum<Change>(), Gen.Int[0, 20], (change, choice) =>
        new Event(change, choice)).Array[20];

    private enum Change { None, Added, Deleted, Canceled }

    [Test]
    public async Task Pages_hold_every_artwork_that_stayed_once_and_newest_first()
    {
        var storage = Storage.NewAccount();
        foreach (var name in new[] { "artworks", ArtworkTable.ByKey })
            await new TableClient(storage, name).CreateAsync();
        var entries = new TableClient(storage, ArtworkTable.ByKey);
        var number = 0;
        await Gen.Select(Stored, Events, Gen.Int[1, 6], Gen.Bool).SampleAsync(async (stored, events, limit, filters) =>
        {
            await using var services = KeyCommands.Services(storage, new FakeTimeProvider(Start));
            var (table, list) = (services.GetRequiredService<ArtworkTable>(),
                services.GetRequiredService<ListArtworks>());
            var key = new ApiKey($"key_{Interlocked.Increment(ref number)}", "mine", ApiKey.HashOf("x"), true, null,
                Scopes.All, 60, 60);
            var (mine, created) = (new List<Artwork>(), 0);
            foreach (var (isMine, isCanceled) in stored) await AddAsync(isMine, isCanceled);

            // Read all pages; between two of them something changes.
            var (stayed, seen, pages) = (mine.ToHashSet(), new List<Guid>(), 0);
            for (string? cursor = null; ; pages++)
            {
                var page = await list.ListAsync(key, $"{limit}", cursor, filters ? "canceled" : null,
                    CancellationToken.None);
                if (page.Items.Count > limit) return false;
                seen.AddRange(page.Items.Select(item => item.Id));
                if ((cursor = page.NextCursor) is null) break;
                if (pages >= events.Length) return false;
                await ChangeAsync(events[pages]);
            }

            var wanted = mine.Where(stayed.Contains).Where(artwork => !filters
                || artwork.Status == ArtworkStatus.Canceled).Select(artwork => artwork.Id);
            return seen.SequenceEqual(seen.Distinct().OrderByDescending(id => id.ToString(), StringComparer.Ordinal))
                && !wanted.Except(seen).Any();

            async Task AddAsync(bool isMine, bool isCanceled)
            {
                var at = Start.AddSeconds(created++);
                var artwork = (await table.TryCreateAsync(new()
                {
                    Id = Guid.CreateVersion7(at), KeyId = isMine ? key.Id : "other", ImageUrl = "", CreatedAt = at,
                    OutputFormat = OutputFormat.Auto, DueAt = at.AddMinutes(2),
                    Status = isCanceled ? ArtworkStatus.Canceled : ArtworkStatus.Starting,
                }, CancellationToken.None))!;
                await entries.AddEntityAsync(ArtworkTable.ListEntry(artwork));
                if (isMine) mine.Add(artwork);
            }

            async Task ChangeAsync(Event change)
            {
                if (change.Change == Change.Added) await AddAsync(isMine: true, isCanceled: true);
                if (change.Change is not (Change.Deleted or Change.Canceled) || mine.Count == 0) return;
                var artwork = mine[change.Choice % mine.Count];
                stayed.Remove(artwork);
                if (change.Change == Change.Canceled && artwork.Status == ArtworkStatus.Starting)
                {
                    mine[mine.IndexOf(artwork)] = (await table.TryUpdateAsync(artwork, artwork.Cancel(Start),
                        CancellationToken.None))!;
                    return;
                }
                mine.Remove(artwork);
                await table.DeleteAsync([artwork], CancellationToken.None);
                await entries.DeleteEntityAsync(ArtworkTable.ListEntry(artwork));
            }
        }, iter: Histories.Count(60), threads: 4);
    }

    private sealed record Event(Change Change, int Choice);
}
