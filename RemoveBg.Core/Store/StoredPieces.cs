using System.Globalization;
using System.Text;
using Azure.Storage.Blobs.Specialized;

namespace RemoveBg.Core.Store;

/// <summary>A blob that is written piece by piece.</summary>
/// <remarks>Nothing here can be cancelled while it reads a piece, because pieces lie in memory that is given back
/// afterwards.</remarks>
public sealed class StoredPieces(BlockBlobClient blob)
{
    private readonly List<string> _blocks = [];

    /// <summary>Adds a piece; the blob does not exist before <see cref="CompleteAsync"/>.</summary>
    public async Task AddAsync(ReadOnlyMemory<byte> piece)
    {
        var block = Convert.ToBase64String(
            Encoding.ASCII.GetBytes(_blocks.Count.ToString("00000", CultureInfo.InvariantCulture)));
        await using var content = BinaryData.FromBytes(piece).ToStream();
        await blob.StageBlockAsync(block, content);
        _blocks.Add(block);
    }

    public Task CompleteAsync() => blob.CommitBlockListAsync(_blocks);

    /// <returns>Null if it does not exist.</returns>
    public Task<StoredFile?> OpenAsync(CancellationToken cancellationToken) =>
        StoredFile.OpenAsync(blob, cancellationToken);

    public Task DeleteAsync() => blob.DeleteIfExistsAsync();
}
