using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Network;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Process;

/// <summary>Decides whether the artwork of a message is processed now, later or not at all, and claims it.</summary>
public sealed class ClaimArtwork(
    ArtworkTable artworks, ArtworkQueues queues, FetchImages fetch, CompleteArtwork complete, ServiceMetrics metrics,
    IOptions<ProcessOptions> options, TimeProvider clock, ILogger<ClaimArtwork> log)
{
    /// <summary>Owners of the claims that this process holds. After a freeze their leases are over, but their work goes
    /// on.</summary>
    private readonly ConcurrentDictionary<string, bool> _owners = new();

    /// <summary>Claims the artwork of a message, and reserves a slot for its downloads.</summary>
    /// <returns>Null if there is nothing to do, nothing to do yet, or no attempt left; the slot is null if nothing is
    /// to be downloaded.</returns>
    internal async Task<(ArtworkClaim Claim, OutgoingSlots.Slot? Downloads)?> TryClaimAsync(
        ArtworkMessage message, CancellationToken cancellationToken)
    {
        // A write between our read and our claim changes the ETag: read again and re-decide.
        while (await FindOpenAsync(message, cancellationToken) is { } artwork)
        {
            if (artwork.Attempt >= options.Value.MaxAttempts)
            {
                metrics.Fault(Fault.NeverEnded, ArtworkFailure.InternalError);
                await FailAsync(artwork, new(ArtworkFailure.InternalError,
                    $"Processing did not finish after {artwork.Attempt} attempts."), cancellationToken);
                return null;
            }
            if (!fetch.TryReserve(artwork, out var downloads, out var wait))
            {
                if (await TryPostponeAsync(artwork, message, wait, cancellationToken)) return null;
                continue;
            }
            if (await TryTakeAsync(artwork, downloads, cancellationToken) is { } claim) return (claim, downloads);
        }
        return null;
    }

    /// <returns>Null, with the slot free again, if the record has changed since it was read.</returns>
    private async Task<ArtworkClaim?> TryTakeAsync(Artwork artwork, OutgoingSlots.Slot? downloads,
        CancellationToken cancellationToken)
    {
        ArtworkClaim? claim = null;
        try
        {
            claim = await ArtworkClaim.TryTakeAsync(artworks, artwork, options.Value.Lease, clock, log,
                cancellationToken);
            if (claim is not null) _owners[claim.Artwork.LeaseOwner!] = true;
            return claim;
        }
        finally
        {
            if (claim is null) downloads?.Dispose();
        }
    }

    /// <summary>Sends the message again for later, because the key has no free slot for downloads. It costs no
    /// attempt.</summary>
    /// <returns>False if the record has changed since it was read.</returns>
    private async Task<bool> TryPostponeAsync(Artwork artwork, ArtworkMessage message, TimeSpan wait,
        CancellationToken cancellationToken)
    {
        // Record first, so that the sweeper does not take the artwork for overdue meanwhile.
        if (await artworks.TryUpdateAsync(artwork, artwork.Postpone(clock.GetUtcNow() + wait), cancellationToken)
            is null) return false;
        await queues.SendToProcessAsync(artwork, message.Attempt, wait, cancellationToken);
        return true;
    }

    private async Task<Artwork?> FindOpenAsync(ArtworkMessage message, CancellationToken cancellationToken)
    {
        if (await artworks.FindAsync(message.Id, cancellationToken) is { } artwork)
            return await StepBackAsync(artwork, message, cancellationToken) ? null : artwork;
        metrics.Fault(Fault.RecordMissing);
        log.RecordMissing(message.Id);
        return null;
    }

    /// <returns>Whether there is nothing to do, or nothing to do yet.</returns>
    private async Task<bool> StepBackAsync(Artwork artwork, ArtworkMessage message, CancellationToken cancellationToken)
    {
        if (artwork.Status.IsTerminal())
        {
            metrics.Fault(Fault.Duplicate);
            log.MessageTooLate(artwork.Id, artwork.Attempt);
            await complete.ResumeAsync(artwork, cancellationToken);
            return true;
        }
        if (TimeHeld(artwork) is { } held)
        {
            metrics.Fault(Fault.HeldByAnother);
            log.HeldByAnother(artwork.Id, artwork.Attempt);
            // Check again with a copy when the lease ends; throwing would use up this message's retries.
            await queues.SendToProcessAsync(artwork, message.Attempt, held, cancellationToken);
            return true;
        }
        // The artwork waits for its next attempt, and this message is of an earlier one.
        return artwork.Status == ArtworkStatus.Processing && artwork.LeaseUntil is null
            && message.Attempt <= artwork.Attempt;
    }

    /// <returns>How long to wait until a worker's claim may be over; null if no worker holds the artwork.</returns>
    internal TimeSpan? TimeHeld(Artwork artwork)
    {
        if (artwork.LeaseUntil is not { } until) return null;
        var (now, lease) = (clock.GetUtcNow(), options.Value.Lease);
        if (StoredTime.IsAhead(until, now, lease)) return until - now;
        return _owners.ContainsKey(artwork.LeaseOwner!) ? lease : null;
    }

    /// <summary>Marks that the work on a claim is over.</summary>
    internal void Forget(ArtworkClaim claim) => _owners.TryRemove(claim.Artwork.LeaseOwner!, out _);

    /// <summary>Fails an artwork that no worker holds, for good.</summary>
    internal async Task FailAsync(Artwork artwork, ArtworkFailure failure, CancellationToken cancellationToken)
    {
        log.FailedForGood(artwork.Id, artwork.Attempt, failure.Code);
        if (await artworks.TryUpdateAsync(artwork, artwork.Fail(clock.GetUtcNow(), failure), cancellationToken)
            is { } failed) await complete.CompleteAsync(failed);
    }
}
