using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Another instance that writes between a read and the write that depends on it.</summary>
public sealed class StorageRaceTests : FaultyStorageTests
{
    [Test]
    public async Task A_deletion_whose_rows_are_partly_gone_deletes_the_others()
    {
        var id = await SubmitAsync(Photo);
        var list = Rows("artworksbykey");
        var before = await list.QueryAsync<TableEntity>().ToListAsync();
        Assert.That(before, Has.Count.EqualTo(2), "the list entry and the permit");
        var permit = before.Single(row => row.RowKey.StartsWith("turn_", StringComparison.Ordinal));
        Before(() => Direct("artworksbykey").DeleteEntity(permit.PartitionKey, permit.RowKey),
            "POST /", "/$batch", "DELETE", permit.RowKey);
        using (var deleted = await Host.Client.DeleteAsync($"/v2/artworks/{id}"))
            Assert.That((int)deleted.StatusCode, Is.EqualTo(204));
        foreach (var table in new[] { "artworks", "artworksbykey" })
            Assert.That(await Rows(table).QueryAsync<TableEntity>().ToListAsync(), Is.Empty, table);
    }

    [Test]
    public async Task Erasing_a_key_leaves_a_permit_that_another_artwork_has_taken_meanwhile()
    {
        var id = await SubmitAsync(Photo);
        var artwork = await FindAsync(id);
        var table = Direct("artworksbykey");
        // Of an artwork without a record.
        await table.AddEntityAsync(new TableEntity(artwork.KeyId, "turn_000099") { ["Id"] = Guid.NewGuid() });
        var own = await table.QueryAsync<TableEntity>().Select(row => row.RowKey).ToListAsync();
        await table.AddEntityAsync(new TableEntity(artwork.KeyId, $"wait_{Guid.NewGuid():N}"));
        await table.AddEntityAsync(new TableEntity(artwork.KeyId, "0123") { ["Id"] = Guid.NewGuid() });
        Before(() => table.UpdateEntity(new TableEntity(artwork.KeyId, "turn_000099") { ["Id"] = artwork.Id },
            ETag.All), "DELETE /", "turn_000099");
        await Host.Get<Admission>().DeleteOrphansAsync(artwork.KeyId, CancellationToken.None);
        Assert.That((await table.GetEntityAsync<TableEntity>(artwork.KeyId, "turn_000099")).Value.GetGuid("Id"),
            Is.EqualTo(artwork.Id));
        Assert.That(await table.QueryAsync<TableEntity>().Select(row => row.RowKey).ToListAsync(), Is.EqualTo(own));
    }

    [Test]
    public async Task A_secret_that_a_command_rotates_while_it_is_sealed_again_stays_the_commands()
    {
        var row = await AddSecretAsync();
        var next = WebhookSigner.GenerateSecret();
        // Sealed for the secret that the new process retires, so it seals it again.
        using var log = new LogLines();
        await using var services = KeyCommands.Services(Network.ConnectionString, Clock,
            $"{next} {Host.Secrets.WebhookSecret}", log);
        Before(() => Direct("keys").UpdateEntity(
            new TableEntity(row.PartitionKey, row.RowKey) { ["Secret"] = "of the command" }, ETag.All,
            TableUpdateMode.Replace), "PUT /", "keys", row.RowKey);
        await services.GetRequiredService<WebhookSecrets>().PrepareAsync(CancellationToken.None);
        var after = (await Rows("keys").GetEntityAsync<TableEntity>(row.PartitionKey, row.RowKey)).Value;
        Assert.That(after.GetString("Secret"), Is.EqualTo("of the command"));
    }

    [Test]
    public async Task A_secret_that_a_command_deletes_while_it_is_sealed_again_stays_deleted()
    {
        var row = await AddSecretAsync();
        using var log = new LogLines();
        await using var services = KeyCommands.Services(Network.ConnectionString, Clock,
            $"{WebhookSigner.GenerateSecret()} {Host.Secrets.WebhookSecret}", log);
        Before(() => Direct("keys").DeleteEntity(row.PartitionKey, row.RowKey), "PUT /", "keys", row.RowKey);
        var table = services.GetRequiredService<WebhookSecretTable>();
        Assert.That(await table.FindAsync(row.RowKey, CancellationToken.None), Is.Not.Null);
        await services.GetRequiredService<WebhookSecrets>().PrepareAsync(CancellationToken.None);
        Assert.That(await table.FindAsync(row.RowKey, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task Uses_that_could_not_be_stored_because_others_were_faster_are_stored_the_next_time()
    {
        var table = Host.Get<ApiKeyTable>();
        var key = (await table.AllAsync(CancellationToken.None).ToListAsync()).Single();
        var row = Convert.ToHexStringLower(key.Hash);
        var others = 0;
        Network.Decide = request =>
        {
            if (!request.StartsWith("GET", StringComparison.Ordinal)
                && request.Contains(row, StringComparison.OrdinalIgnoreCase))
                Direct("keys").UpdateEntity(new TableEntity("key", row) { ["Note"] = ++others }, ETag.All);
            return Fate.Passed;
        };
        Assert.That(await table.TryAddUsesAsync(key.Hash, 3, Clock.GetUtcNow(), CancellationToken.None), Is.False);
        Assert.That(others, Is.EqualTo(4), "tries");
        Network.Decide = _ => Fate.Passed;
        Assert.That(await table.TryAddUsesAsync(key.Hash, 3, Clock.GetUtcNow(), CancellationToken.None), Is.True);
        Assert.That((await table.AllAsync(CancellationToken.None).ToListAsync()).Single().Uses, Is.EqualTo(3));
    }

    /// <summary>Adds a key with a webhook secret of its own.</summary>
    private async Task<TableEntity> AddSecretAsync()
    {
        await Host.Get<WebhookSecrets>().PrepareAsync(CancellationToken.None);
        using var keys = new KeyCommands(Host.Services);
        await keys.AddAsync("shop");
        return (await Rows("keys").QueryAsync<TableEntity>("PartitionKey eq 'webhook'").ToListAsync())
            .Single(it => it.ContainsKey("Secret"));
    }

    private TableClient Rows(string table) => new(Network.ConnectionString, table);

    /// <summary>A table without the network in between.</summary>
    private TableClient Direct(string table) => new(Network.Account, table);
}
