using System.Buffers;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Store;

namespace RemoveBg.Core.Process.Fetch;

/// <summary>A file of an artwork that waits for a slot: in memory if it is small, else in storage.</summary>
/// <remarks>A source decides how many bytes it sends and how slowly, and artworks may wait long for a slot, so neither
/// may hold the memory of a whole file. A temporary file is no way out: the disk of a Functions app is small, that of a
/// container read-only.</remarks>
public sealed class FetchedImage : IFetchTarget, IAsyncDisposable
{
    private readonly IMemoryOwner<byte> _piece = new NativeBuffer(MemoryBudget.DownloadBytes);
    private readonly StoredPieces _stored;
    private readonly ILogger _log;
    private int _inPiece;
    private bool _isMeasured, _isStored;

    internal FetchedImage(StoredPieces stored, ILogger log) => (_stored, _log) = (stored, log);

    /// <summary>Number of bytes.</summary>
    public int Length { get; private set; }

    /// <summary>Number of pixels that the file's header announces; null if its first megabyte does not tell.</summary>
    public long? Pixels { get; private set; }

    /// <summary>Memory that decoding takes beside the pixels.</summary>
    public DecoderMemory Decoder { get; private set; }

    /// <inheritdoc />
    public Memory<byte> Free => _piece.Memory[_inPiece..MemoryBudget.DownloadBytes];

    /// <inheritdoc />
    public async Task AdvanceAsync(int count)
    {
        Length += count;
        _inPiece += count;
        if (_inPiece == MemoryBudget.DownloadBytes) await StorePieceAsync();
    }

    /// <inheritdoc />
    public async Task CompleteAsync()
    {
        Measure();
        if (!_isStored) return;
        if (_inPiece > 0) await StorePieceAsync();
        await _stored.CompleteAsync();
    }

    /// <summary>Reads the whole file into memory, which the caller has booked.</summary>
    /// <exception cref="ArtworkFailedException">It is no longer stored.</exception>
    public async Task<IMemoryOwner<byte>> LoadAsync(CancellationToken cancellationToken)
    {
        var whole = new NativeBuffer(Length);
        try
        {
            if (!_isStored) _piece.Memory[..Length].CopyTo(whole.Memory);
            else
            {
                await using var stored = (await _stored.OpenAsync(cancellationToken)
                    ?? throw new ArtworkFailedException(ArtworkFailure.StorageUnavailable,
                        "The image could not be read from storage.", isTransient: true)).Content;
                await stored.ReadExactlyAsync(whole.Memory, cancellationToken);
            }
            return whole;
        }
        catch
        {
            ((IDisposable)whole).Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _piece.Dispose();
        if (!_isStored) return;
        try
        {
            await _stored.DeleteAsync();
        }
        catch (Exception problem) when (StorageFailure.Is(problem, CancellationToken.None))
        {
            _log.PiecesNotDeleted(problem.GetType().Name);
        }
    }

    private async Task StorePieceAsync()
    {
        Measure();
        _isStored = true;
        await _stored.AddAsync(_piece.Memory[.._inPiece]);
        _inPiece = 0;
    }

    private void Measure()
    {
        if (_isMeasured) return;
        _isMeasured = true;
        (Pixels, Decoder) = Decode.Measure(_piece.Memory[.._inPiece]);
    }
}
