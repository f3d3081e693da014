using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Process;

/// <summary>A worker's exclusive claim on an artwork.</summary>
/// <remarks>It renews its lease until it ends. If the record has changed meanwhile (cancelled, deleted, or claimed by
/// another worker after a long pause), <see cref="Lost"/> is cancelled and the result must be dropped.</remarks>
internal sealed class ArtworkClaim : IAsyncDisposable
{
    private readonly ArtworkTable _artworks;
    private readonly TimeSpan _lease;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new(), _lost = new();
    private readonly Task _renewing;

    private ArtworkClaim(ArtworkTable artworks, Artwork claimed, TimeSpan lease, TimeProvider clock, ILogger log)
    {
        (_artworks, Artwork, _lease, _clock, _log) = (artworks, claimed, lease, clock, log);
        _renewing = RenewAsync();
    }

    public Artwork Artwork { get; private set; }

    public CancellationToken Lost => _lost.Token;

    /// <summary>Claims an artwork.</summary>
    /// <returns>Null if the record has changed since it was read.</returns>
    public static async Task<ArtworkClaim?> TryTakeAsync(
        ArtworkTable artworks, Artwork artwork, TimeSpan lease, TimeProvider clock, ILogger log,
            CancellationToken cancellationToken)
    {
        var claimed = await artworks.TryUpdateAsync(artwork,
            artwork.Claim(Guid.NewGuid().ToString("N"), clock.GetUtcNow(), lease), cancellationToken);
        return claimed is null ? null : new(artworks, claimed, lease, clock, log);
    }

    /// <summary>Writes the claim's last change.</summary>
    /// <returns>The artwork as stored; null if the claim was lost.</returns>
    public async Task<Artwork?> TryEndAsync(Func<Artwork, Artwork> change)
    {
        await StopRenewingAsync();
        if (_lost.IsCancellationRequested) return null;
        // Not cancellable: finished work must be recorded.
        return await WriteAsync(change, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await StopRenewingAsync();
        _stop.Dispose();
        _lost.Dispose();
    }

    /// <summary>Changes the record while this claim holds it. A worker whose own claim was lost may have given its
    /// attempt back meanwhile, which does not touch this claim.</summary>
    /// <returns>Null if the claim was lost.</returns>
    private async Task<Artwork?> WriteAsync(Func<Artwork, Artwork> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await _artworks.TryUpdateAsync(Artwork, change(Artwork), cancellationToken) is { } written)
                return written;
            var found = await _artworks.FindAsync(Artwork.Id, cancellationToken);
            if (found is not { Status: ArtworkStatus.Processing, LeaseUntil: not null }
                || found.LeaseOwner != Artwork.LeaseOwner) return null;
            Artwork = found;
        }
    }

    private async Task StopRenewingAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
    }

    private async Task RenewAsync()
    {
        while (true)
        {
            await Task.Delay(_lease / 3, _clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested) return;
            try
            {
                if (await WriteAsync(now => now.Renew(_clock.GetUtcNow(), _lease), _stop.Token) is { } renewed)
                {
                    Artwork = renewed;
                    continue;
                }
                _log.ClaimLost(Artwork.Id, Artwork.Attempt);
                await _lost.CancelAsync();
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // The write may or may not have happened: the last one reads the record again if it has.
                return;
            }
            catch (Exception problem) when (StorageFailure.Is(problem, _stop.Token))
            {
                // Storage may recover before the lease ends. If not, the last write decides.
                _log.ClaimNotRenewed(Artwork.Id, problem.GetType().Name);
            }
        }
    }
}
