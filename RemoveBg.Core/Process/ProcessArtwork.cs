using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Network;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Store;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Process;

/// <summary>Runs one message of the queue <c>artworks</c>: claim, fetch, cut out, store, end, notify.</summary>
/// <remarks>Messages arrive at least once, so the record alone decides: each change is conditional on its ETag, and a
/// worker that finds the record changed steps back. Returning completes the message; throwing returns it to the
/// queue.</remarks>
public sealed class ProcessArtwork(
    ClaimArtwork claims, ArtworkTable artworks, ArtworkQueues queues, StoredImages images, FetchImages fetch,
    CutOutPipeline pipeline, PipelineSlots slots, MemoryBudget budget, CompleteArtwork complete,
    UnreadableMessages unreadable,
    ServiceMetrics metrics, IOptions<ProcessOptions> options, TimeProvider clock, RunningTime time,
    ILogger<ProcessArtwork> log)
{
    public async Task ProcessAsync(string text, CancellationToken cancellationToken)
    {
        // 1. Parse the message.
        if (await unreadable.ParseOrKeepAsync(ArtworkQueues.Artworks, text, cancellationToken) is not { } message)
            return;

        // 2. Claim the artwork, with a slot for its downloads. Duplicates end here.
        (ArtworkClaim, OutgoingSlots.Slot?)? claimed;
        try
        {
            claimed = await claims.TryClaimAsync(message, cancellationToken);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, cancellationToken))
        {
            metrics.Fault(Fault.StorageFailed);
            log.MessageReturned(message.Id, problem.GetType().Name);
            await queues.SendAgainAsync(ArtworkQueues.Artworks, text, cancellationToken);
            return;
        }
        if (claimed is not var (taken, reserved)) return;
        await using var claim = taken;
        using var downloads = reserved;
        metrics.Started(claim.Artwork);
        using var activity = Tracing.Start("process artwork", ActivityKind.Consumer, message.Id,
            claim.Artwork.TraceParent ?? message.TraceParent)?.SetTag("removebg.attempt", claim.Artwork.Attempt);

        using var deadline = new JobDeadline(options.Value.Deadline, time);
        using var stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Lost, deadline.Expired);
        try
        {
            // 3. Fetch, cut out and store. The blob is named by the artwork's id, so a second run overwrites it.
            var done = await CutOutAsync(claim.Artwork, downloads, deadline, stop.Token);

            // 4. End the artwork. Only now is the result visible to callers.
            await EndAsync(claim,
                now => now.Succeed(clock.GetUtcNow(), done.ContentType, done.Confidence, PlaceOf(done, now)));
        }
        catch (OperationCanceledException) when (claim.Lost.IsCancellationRequested)
        {
            await DropResultAsync(claim.Artwork.Id);
            if (deadline.WasFrozen) await UncountAsync(claim.Artwork);
        }
        catch (OperationCanceledException) when (deadline.Expired.IsCancellationRequested)
        {
            // Checked before the host's cancellation: functionTimeout is longer than the deadline, so a host that times
            // out an attempt cancels it after the deadline has expired, and that is no shutdown.
            var seconds = options.Value.Deadline.TotalSeconds;
            var tooLong =
                new ArtworkFailure(ArtworkFailure.InternalError, $"Processing took longer than {seconds:0.#} s.");
            await RetryOrFailAsync(claim, deadline, tooLong, isTransient: false, new TimeoutException());
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (!await TryReleaseAsync(claim)) return;
            throw;
        }
        catch (NoSlotException)
        {
            await ReturnToQueueAsync(claim);
        }
        catch (ArtworkFailedException problem)
        {
            await RetryOrFailAsync(claim, deadline, problem.Failure, problem.IsTransient, problem);
        }
        catch (Exception problem) when (StorageFailure.Is(problem, stop.Token))
        {
            await RetryOrFailAsync(claim, deadline,
                new(ArtworkFailure.StorageUnavailable, "Storage could not be reached."), isTransient: true, problem);
        }
        catch (Exception problem)
        {
            log.UnexpectedFailure(problem, claim.Artwork.Id, claim.Artwork.Attempt);
            await RetryOrFailAsync(claim, deadline,
                new(ArtworkFailure.InternalError, "The image could not be processed."), isTransient: true, problem);
        }
        finally
        {
            claims.Forget(claim);
        }
    }

    /// <summary>Runs a message of queue <c>artworks-poison</c>, which the host gave up on. An artwork that was never
    /// started is not at fault: it is queued once more. Any other fails.</summary>
    public async Task FailPoisonedAsync(string text, CancellationToken cancellationToken)
    {
        metrics.Fault(Fault.Poisoned);
        if (await unreadable.ParseOrKeepAsync(ArtworkQueues.Artworks, text, cancellationToken) is not { } message)
            return;
        if (await artworks.FindAsync(message.Id, cancellationToken) is not { } artwork)
        {
            log.PoisonWithoutRecord();
            return;
        }
        if (artwork.Status.IsTerminal() || claims.TimeHeld(artwork) is not null) return;
        if (artwork.Attempt == 0 && message.Attempt == 1)
        {
            log.QueuedAgain(artwork.Id);
            await queues.SendToProcessAsync(artwork, attempt: 2, TimeSpan.Zero, cancellationToken);
            return;
        }
        await claims.FailAsync(artwork, new(ArtworkFailure.InternalError, "The image could not be processed."),
            cancellationToken);
    }

    private async Task<CutOutResult> CutOutAsync(Artwork artwork, OutgoingSlots.Slot? downloads, JobDeadline deadline,
        CancellationToken cancellationToken)
    {
        using var patience = new JobDeadline(options.Value.SlotWait, time);
        patience.Pause();
        // 1. Get the files. What does not fit into a piece of memory stays in storage until there is a slot.
        using var place = await WaitAsync(token => budget.BookDownloadsAsync(artwork.KeyId,
            FetchImages.FilesOf(artwork), token), deadline, patience, cancellationToken);
        downloads?.Start();
        await using var photo = await fetch.PhotoAsync(artwork, cancellationToken);
        await using var behind = await fetch.BackgroundAsync(artwork, cancellationToken);
        downloads?.Dispose();

        // 2. Hold a slot only while files, pixels and the result are in memory, not while a server is slow.
        var size = new CutOutSize(photo.Pixels ?? long.MaxValue, behind is null ? 0 : behind.Pixels ?? long.MaxValue,
            photo.Length + (behind?.Length ?? 0), photo.Decoder, behind?.Decoder ?? default);
        using var slot = await WaitAsync(token => slots.TakeAsync(artwork.KeyId, artwork.Options?.Model, token, size),
            deadline, patience, cancellationToken);
        using var file = await photo.LoadAsync(cancellationToken);
        using var background = behind is null ? null : await behind.LoadAsync(cancellationToken);

        // 3. Cut out and store.
        await using var result = new NativeStream();
        CutOutResult done;
        using (var activity = Tracing.Start("cut out", ActivityKind.Internal, artwork.Id))
        {
            var job = new CutOutJob(file.Memory, artwork.OutputFormat, slot.Segmenter, slot.Tensors, result)
            {
                Options = artwork.Options ?? new(),
                Background = background?.Memory,
            };
            done = await Task.Run(() => pipeline.Run(job, cancellationToken), cancellationToken);
            metrics.CutOut(done, result.Length, slot.Segmenter.Provider);
            activity?.SetTag("removebg.model", done.Model).SetTag("removebg.provider", slot.Segmenter.Provider);
            foreach (var (name, time) in done.Steps)
                activity?.SetTag($"removebg.step.{name.Replace(' ', '_')}", time.TotalSeconds);
        }
        result.Position = 0;
        using (Tracing.Start("store", ActivityKind.Internal, artwork.Id))
            await images.PutResultAsync(artwork.Id, result, done.ContentType, cancellationToken);
        log.CutOut(artwork.Id, artwork.Attempt, done.Width, done.Height, new(done.Steps));
        return done;
    }

    /// <summary>Waits for memory or for a slot. The wait does not count against the deadline and has its own
    /// limit.</summary>
    /// <exception cref="NoSlotException">All waits of the attempt took longer than <see
    /// cref="ProcessOptions.SlotWait"/>.</exception>
    private static async Task<T> WaitAsync<T>(Func<CancellationToken, Task<T>> wait, JobDeadline deadline,
        JobDeadline patience, CancellationToken cancellationToken)
    {
        deadline.Pause();
        patience.Resume();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Expired);
        try
        {
            var had = await wait(either.Token);
            patience.Pause();
            deadline.Resume();
            return had;
        }
        catch (OperationCanceledException)
            when (patience.Expired.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new NoSlotException();
        }
    }

    /// <summary>Requeues an artwork that has waited too long for a slot, before the host ends the function.</summary>
    private async Task ReturnToQueueAsync(ArtworkClaim claim)
    {
        metrics.Fault(Fault.NoSlot);
        log.NoFreeSlot(claim.Artwork.Id, claim.Artwork.Attempt, options.Value.SlotWait.TotalSeconds);
        // Record first: if the message is lost, the sweeper finds the artwork overdue.
        if (await claim.TryEndAsync(now => now.ReturnToQueue(clock.GetUtcNow())) is { } waiting)
            await queues.SendToProcessAsync(waiting, waiting.Attempt + 1, TimeSpan.Zero, CancellationToken.None);
    }

    /// <summary>Releases an interrupted artwork, so that another instance can claim it at once.</summary>
    /// <returns>False if it was interrupted too often and has failed.</returns>
    private async Task<bool> TryReleaseAsync(ArtworkClaim claim)
    {
        var artwork = claim.Artwork;
        if (artwork.HandBacks >= options.Value.MaxHandBacks)
        {
            metrics.Fault(Fault.NeverEnded, ArtworkFailure.InternalError);
            log.InterruptedTooOften(artwork.Id, artwork.HandBacks + 1);
            var failure = new ArtworkFailure(
                ArtworkFailure.InternalError, $"Processing was interrupted {artwork.HandBacks + 1} times.");
            await EndAsync(claim, now => now.Fail(clock.GetUtcNow(), failure));
            return false;
        }
        metrics.Fault(Fault.HandedBack);
        log.Released(artwork.Id, artwork.Attempt, artwork.HandBacks + 1, options.Value.MaxHandBacks);
        await claim.TryEndAsync(now => now.Release(clock.GetUtcNow()));
        return true;
    }

    private static SubjectPlace? PlaceOf(CutOutResult done, Artwork artwork) =>
        artwork.Options?.FindSubject != true ? null
        : done.Subject is { } box ? new(done.Width, done.Height, box.Left, box.Top, box.Width, box.Height)
            : new(done.Width, done.Height, 0, 0, 0, 0);

    /// <summary>Queues an artwork again whose attempt failed while the process was frozen or because of storage. The
    /// attempt does not count, up to a bound: an image may itself be what freezes the process.</summary>
    private async Task RetryUncountedAsync(ArtworkClaim claim, Fault fault)
    {
        var artwork = claim.Artwork;
        metrics.Fault(fault);
        log.AttemptNotCounted(artwork.Id, artwork.Attempt, fault, artwork.HandBacks + 1, options.Value.MaxHandBacks);
        var delay = fault == Fault.Frozen ? options.Value.FirstRetryDelay
            : options.Value.StorageRetryDelay(artwork.HandBacks + 1);
        if (await claim.TryEndAsync(now => now.RetryUncounted(clock.GetUtcNow() + delay)) is { } waiting)
            await queues.SendToProcessAsync(waiting, waiting.Attempt + 1, delay, CancellationToken.None);
        else
            await DropResultAsync(artwork.Id);
    }

    /// <summary>Gives back the attempt of a claim that was lost in a freeze: the worker that has taken over counts its
    /// own.</summary>
    private async Task UncountAsync(Artwork lost)
    {
        while (await artworks.FindAsync(lost.Id, CancellationToken.None) is { } artwork
            && !artwork.Status.IsTerminal() && artwork.Attempt > lost.Attempt
            && artwork.HandBacks < options.Value.MaxHandBacks)
        {
            if (await artworks.TryUpdateAsync(artwork, artwork.UncountAttempt(), CancellationToken.None) is null)
                continue;
            metrics.Fault(Fault.Frozen);
            log.AttemptNotCounted(lost.Id, lost.Attempt, Fault.Frozen, artwork.HandBacks + 1,
                options.Value.MaxHandBacks);
            return;
        }
    }

    private async Task RetryOrFailAsync(ArtworkClaim claim, JobDeadline deadline, ArtworkFailure failure,
        bool isTransient, Exception cause)
    {
        var artwork = claim.Artwork;
        var storageFailed = failure.Code == ArtworkFailure.StorageUnavailable;
        if ((deadline.WasFrozen || storageFailed) && artwork.HandBacks < options.Value.MaxHandBacks)
        {
            await RetryUncountedAsync(claim, deadline.WasFrozen ? Fault.Frozen : Fault.StorageFailed);
            return;
        }
        log.AttemptFailed(artwork.Id, artwork.Attempt, failure.Code, isTransient ? "transient" : "final",
            cause.GetType().Name);
        var isFinal = !isTransient || artwork.Attempt >= options.Value.MaxAttempts;
        Activity.Current.Fail(failure.Code);
        metrics.Fault(isFinal ? Fault.Failed : Fault.Retried, failure.Code);
        if (isFinal)
        {
            await EndAsync(claim, now => now.Fail(clock.GetUtcNow(), failure));
            return;
        }
        var delay = options.Value.RetryDelay(artwork.Attempt);
        if (await claim.TryEndAsync(now => now.RetryLater(clock.GetUtcNow() + delay)) is not null)
            await queues.SendToProcessAsync(artwork, artwork.Attempt + 1, delay, CancellationToken.None);
        else
            await DropResultAsync(artwork.Id);
    }

    private async Task EndAsync(ArtworkClaim claim, Func<Artwork, Artwork> change)
    {
        if (await claim.TryEndAsync(change) is { } ended) await complete.CompleteAsync(ended);
        else await DropResultAsync(claim.Artwork.Id);
    }

    /// <summary>Deletes the result of a lost claim, unless it may be another worker's by now.</summary>
    private async Task DropResultAsync(Guid id)
    {
        var now = await artworks.FindAsync(id, CancellationToken.None);
        if (now is null or { Status: ArtworkStatus.Canceled or ArtworkStatus.Failed })
            await images.DeleteResultAsync(id, CancellationToken.None);
        metrics.Fault(Fault.ClaimLost);
        log.ResultDropped(id, now?.Status.Word() ?? "deleted");
    }

    /// <summary>No slot in the pipeline became free in time.</summary>
    private sealed class NoSlotException : Exception;
}
