using Azure.Data.Tables;

namespace RemoveBg.Tests.Given;

/// <summary>Tests with a key of two permits, so that all but two of its artworks wait.</summary>
public abstract class BusyKeyTests : HandRunTests
{
    /// <summary>Sends the key.</summary>
    protected HttpClient Busy { get; private set; } = null!;

    [SetUp]
    public async Task AddKey() => Busy = Host.ClientWith(await Host.AddKeyAsync("busy", concurrentJobs: 2));

    [TearDown]
    public void Hang() => Busy.Dispose();

    protected async Task<string[]> SubmitBusyAsync(int count)
    {
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            // Ids sort by the millisecond.
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            ids[i] = await SubmitAsync(Photo, Busy);
        }
        return ids;
    }

    protected TableClient Rows(string table) => new(Host.ConnectionString, table);

    /// <summary>Rows of all partitions that begin with this.</summary>
    protected async Task<IReadOnlyList<TableEntity>> RowsAsync(string prefix) =>
        await Rows("artworks").QueryAsync<TableEntity>()
            .Where(row => row.RowKey.StartsWith(prefix, StringComparison.Ordinal)).ToListAsync();
}
