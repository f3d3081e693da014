using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Submit;

/// <summary>Accepts a job whose request has been checked.</summary>
/// <remarks>The record is written before the message. A message without a record would be lost work, while the sweeper
/// finds a record without a message within minutes.</remarks>
public sealed class SubmitArtwork(
    IdempotencyTable idempotency, StoredImages images, ArtworkTable artworks, Admission admission,
    ServiceMetrics metrics, TimeProvider clock, ILogger<SubmitArtwork> log)
{
    /// <summary>Accepts one job. If storage fails, nothing has been accepted.</summary>
    /// <exception cref="ApiException">400: the idempotency key is malformed or was used for another
    /// request.</exception>
    public async Task<Artwork> SubmitAsync(ApiKey key, SubmitRequest request, string? idempotencyKey,
        CancellationToken cancellationToken)
    {
        // 1. An idempotency key maps to one artwork id, so a repeated request finds the same record below.
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var row = string.IsNullOrEmpty(idempotencyKey) ? null : IdempotencyTable.RowOf(idempotencyKey);
        if (row is not null)
            id = await idempotency.ClaimAsync(key.Id, row, request.Fingerprint(), id, cancellationToken);

        using var activity = Tracing.Start("submit artwork", ActivityKind.Producer, id);

        // 2. Store images that came with the request. If no record follows, retention deletes them.
        if (request.InlineImage is { } inline)
            await images.PutInputAsync(id, StoredInput.Photo, inline.Content);
        if (request.InlineBackground is { } behind)
            await images.PutInputAsync(id, StoredInput.Background, behind.Content);

        // 3. Create the record. From now on the job is accepted.
        var created = await artworks.TryCreateAsync(new()
        {
            Id = id,
            KeyId = key.Id,
            IdempotencyRow = row,
            ConcurrentJobs = key.ConcurrentJobs,
            ImageUrl = request.ImageUrl,
            HasStoredInput = request.InlineImage is not null,
            Webhook = request.Webhook,
            OutputFormat = request.OutputFormat,
            Options = request.Options,
            CreatedAt = now,
            Status = ArtworkStatus.Starting,
            DueAt = now + ArtworkTransitions.QueuePatience,
            TraceParent = Activity.Current?.Id,
        }, cancellationToken);
        if (created is null)
            return await artworks.FindAsync(id, cancellationToken)
                ?? throw IdempotencyTable.Deleted();

        // 4. Queue it or let it wait for a permit, even if the caller has hung up by now.
        await EnterOrLeaveToSweeperAsync(created);
        metrics.Accepted();
        log.Accepted(id);
        return created;
    }

    /// <summary>Accepts several jobs, in order. Each gets an idempotency key of its own: the request's, and its
    /// index.</summary>
    /// <exception cref="ApiException">400: the idempotency key. 500: storage failed after some were accepted; the
    /// message says how many.</exception>
    public async Task<IReadOnlyList<Artwork>> SubmitAllAsync(ApiKey key, IReadOnlyList<SubmitRequest> requests,
        string? idempotencyKey, CancellationToken cancellationToken)
    {
        var accepted = new List<Artwork>(requests.Count);
        foreach (var (index, request) in requests.Index())
        {
            try
            {
                accepted.Add(await SubmitAsync(key, request, string.IsNullOrEmpty(idempotencyKey) ? null
                    : $"{idempotencyKey.Trim().Trim('"')}#{index}", cancellationToken));
            }
            catch (Exception problem) when (accepted.Count > 0 && StorageFailure.Is(problem, cancellationToken))
            {
                log.BatchStoppedEarly(problem, accepted.Count, requests.Count);
                throw new ApiException(500, $"Storage failed: the first {accepted.Count} of {requests.Count} artworks "
                    + "were accepted, the rest were not. "
                    + (string.IsNullOrEmpty(idempotencyKey)
                        ? "Send the rest again." : "Send the same request with the same Idempotency-Key again."))
                {
                    RetryAfter = TimeSpan.FromSeconds(5),
                };
            }
        }
        return accepted;
    }

    private async Task EnterOrLeaveToSweeperAsync(Artwork artwork)
    {
        try
        {
            await admission.EnterAsync(artwork, CancellationToken.None);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, CancellationToken.None))
        {
            metrics.Fault(Fault.LeftToSweeper);
            log.NotQueued(problem, artwork.Id);
        }
    }
}
