using Azure.Data.Tables;
using RemoveBg.Core.Artworks;

namespace RemoveBg.Tests.Given;

/// <summary>Rows as earlier versions wrote them.</summary>
internal static class EarlierVersion
{
    /// <summary>Stores an open artwork as the versions did that named its due row by its id only.</summary>
    public static async Task StoreAsync(string storage, Artwork artwork, DateTimeOffset dueAt)
    {
        var rows = new TableClient(storage, "artworks");
        var (partition, id) = (artwork.Id.ToString("N")[^1..], artwork.Id.ToString("N"));
        TableEntity record = await rows.GetEntityAsync<TableEntity>(partition, "artwork_" + id);
        if (artwork.DueRow is { } row) await rows.DeleteEntityAsync(partition, row);
        record.Remove("DueRow");
        record["DueAt"] = dueAt;
        await rows.UpsertEntityAsync(record, TableUpdateMode.Replace);
        await rows.AddEntityAsync(new TableEntity(partition, "due_" + id) { ["DueAt"] = dueAt });
    }
}
