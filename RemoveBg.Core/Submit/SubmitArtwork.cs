using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Submit;

/// <summary>
/// Accepts a job. The record is written before the message, never the other way round: a message without a record would be
/// work nobody knows, while a record without a message is found by the sweeper within minutes.
/// </summary>
public sealed class SubmitArtwork(
    SubmitRequestParser parser, IdempotencyTable idempotency, StoredPictures pictures, ArtworkTable artworks, Admission admission,
    ServiceMetrics metrics, TimeProvider clock, ILogger<SubmitArtwork> log)
{
    /// <exception cref="ApiException">400: the request. Any storage failure means that nothing was accepted.</exception>
    public async Task<Artwork> Submit(ApiKey key, ReadOnlyMemory<byte> body, string? idempotencyKey, CancellationToken cancel)
    {
        // 1. Check everything in the request.
        var request = parser.Parse(body);

        // 2. An idempotency key stands for one artwork: the same id leads to the same record below.
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        if (!string.IsNullOrEmpty(idempotencyKey))
            id = await idempotency.Claim(key.Id, idempotencyKey, request.Fingerprint(), id, cancel);

        using var activity = Tracing.Start("submit artwork", ActivityKind.Producer, id);

        // 3. A picture that came along is stored first; without a record nobody reads it and retention erases it.
        if (request.InlineImage is { } inline) await pictures.PutInput(id, inline.Content, cancel);

        // 4. Create the record. From here on the job is accepted.
        var created = await artworks.TryCreate(new()
        {
            Id = id,
            KeyId = key.Id,
            ConcurrentJobs = key.ConcurrentJobs,
            ImageUrl = request.InlineImage?.Shown ?? request.ImageUrl,
            HasStoredInput = request.InlineImage is not null,
            Webhook = request.Webhook,
            OutputFormat = request.OutputFormat,
            CreatedAt = now,
            Status = ArtworkStatus.Starting,
            DueAt = now + ArtworkTransitions.QueuePatience,
            TraceParent = Activity.Current?.Id,
        }, cancel);
        if (created is null)
            return await artworks.Find(id, cancel) ?? throw ApiException.BadRequest("Idempotency-Key belongs to an artwork that has been deleted.");

        // 5. Send the message, or let it wait for its key's turn, even if the caller has hung up by now.
        await EnterOrLeaveToSweeper(created);
        metrics.Accepted();
        log.LogInformation("Artwork {ArtworkId} accepted", id);
        return created;
    }

    private async Task EnterOrLeaveToSweeper(Artwork artwork)
    {
        try
        {
            await admission.Enter(artwork, CancellationToken.None);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, CancellationToken.None))
        {
            metrics.Fault(Fault.LeftToSweeper);
            log.LogWarning(problem, "Artwork {ArtworkId} is accepted but could not be queued; the sweeper will", artwork.Id);
        }
    }
}
