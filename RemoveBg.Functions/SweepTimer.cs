using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Sweep;

namespace RemoveBg.Functions;

public sealed class SweepTimer(SweepArtworks sweep, EraseExpired erase)
{
    /// <summary>Runs each minute.</summary>
    [Function("SweepArtworks"), RunsAtStart]
    public Task Sweep([TimerTrigger("0 * * * * *")] TimerInfo timer,
        CancellationToken cancellationToken) => sweep.SweepAsync(cancellationToken);

    /// <summary>Runs every five minutes, off the busy full minute.</summary>
    [Function("EraseExpired")]
    public Task Erase([TimerTrigger("17 */5 * * * *")] TimerInfo timer, CancellationToken cancellationToken) =>
        erase.EraseAsync(cancellationToken);
}
