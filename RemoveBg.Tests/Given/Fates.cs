using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Azure.Storage.Blobs;

namespace RemoveBg.Tests.Given;

/// <summary>Counts how accepted artworks with a webhook ended.</summary>
/// <param name="Accepted">Number of artworks.</param>
/// <param name="Terminal">Those that have ended.</param>
/// <param name="Succeeded">Of these, those that succeeded.</param>
/// <param name="Results">Number of stored results.</param>
/// <param name="Announced">Webhooks with an id of their own.</param>
/// <param name="Doubled">Artworks that were announced under two ids.</param>
/// <param name="Repeats">Webhooks that came again under their id.</param>
/// <param name="Waits">From submission to the first webhook, in seconds, in order.</param>
internal sealed record Fates(int Accepted, int Terminal, int Succeeded, int Results, int Announced, int Doubled,
    int Repeats, IReadOnlyList<double> Waits)
{
    /// <summary>Asks for each artwork's status, and counts results and webhooks.</summary>
    public static async Task<Fates> ReadAsync(HostProcess host, string storage, Caller caller,
        ICollection<string> artworks)
    {
        var statuses = new ConcurrentDictionary<string, string?>();
        await Parallel.ForEachAsync(artworks, new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (id, _) => statuses[id] = await host.StatusAsync(id));
        var first = caller.Deliveries.DistinctBy(delivery => delivery.Id).ToList();
        return new(artworks.Count, statuses.Count(pair => pair.Value is "succeeded" or "failed"),
            statuses.Count(pair => pair.Value == "succeeded"),
            new BlobContainerClient(storage, "results").GetBlobs().Count(), first.Count,
            first.GroupBy(delivery => delivery.Id.Split('_')[1]).Count(group => group.Count() > 1),
            caller.Deliveries.Count - first.Count,
            [.. first.Select(delivery => (delivery.At - Created(delivery.Text)).TotalSeconds).Order()]);
    }

    public void AssertNoneLostStuckOrTwice() => Assert.Multiple(() =>
    {
        Assert.That(Terminal, Is.EqualTo(Accepted), "stuck");
        Assert.That(Announced, Is.EqualTo(Accepted), "lost");
        Assert.That(Doubled, Is.Zero, "two final states announced for one artwork");
        Assert.That(Results, Is.EqualTo(Succeeded), "one result for each that succeeded");
    });

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"accepted {Accepted}, terminal {Terminal}, succeeded {Succeeded}, results {Results}, ids announced twice "
        + $"{Doubled}, lost {Accepted - Announced}, stuck {Accepted - Terminal}, repeats {Repeats}, "
        + $"wait p50 {Waits[Waits.Count / 2]:0.0} s, p99 {Waits[Waits.Count * 99 / 100]:0.0} s");

    private static DateTimeOffset Created(string artwork)
    {
        using var document = JsonDocument.Parse(artwork);
        return document.RootElement.GetProperty("createdAt").GetDateTimeOffset();
    }
}
