using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Keys of the operators' commands in the flow: a key's secret signs, and erasing it leaves
/// nothing.</summary>
public sealed class KeyDataTests : HandRunTests
{
    private KeyCommands _keys = null!;

    [SetUp]
    public async Task Open()
    {
        _keys = new(Host.Services);
        await Host.Get<WebhookSecrets>().PrepareAsync(CancellationToken.None);
    }

    [TearDown]
    public void Close() => _keys.Dispose();

    [Test]
    public async Task A_webhook_is_signed_with_its_keys_secret_and_with_both_while_it_is_rotated()
    {
        var (value, first) = await _keys.AddAsync("shop");
        var before = await DeliveredAsync(value);
        Assert.That(before.Signature.Split(' '), Has.Length.EqualTo(1));
        Assert.That((before.IsSignedWith(first), before.IsSignedWith(Host.Secrets.WebhookSecret)),
            Is.EqualTo((true, false)));

        await _keys.Admin.RotateSecretAsync("shop", TimeSpan.FromDays(1), CancellationToken.None);
        var second = KeyCommands.SecretIn(_keys.Said());
        var during = await DeliveredAsync(value);
        Assert.That(during.Signature.Split(' '), Has.Length.EqualTo(2).And.All.StartsWith("v1,"));
        Assert.That((during.IsSignedWith(first), during.IsSignedWith(second)), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task A_deleted_keys_webhooks_are_still_signed_with_its_secret()
    {
        var (value, secret) = await _keys.AddAsync("shop");
        using var client = Host.ClientWith(value);
        var id = await SubmitAsync(Photo, client);
        await _keys.Admin.DeleteAsync("shop", CancellationToken.None);
        await ProcessAsync(id, attempt: 1);
        await DeliverAsync(id, attempt: 1);
        Assert.That(Caller.Deliveries.Single().IsSignedWith(secret), Is.True);
    }

    [Test]
    public async Task A_webhook_whose_secret_cannot_be_opened_is_not_sent_but_tried_again_later()
    {
        var (value, secret) = await _keys.AddAsync("shop");
        var table = new TableClient(Host.ConnectionString, "keys");
        var row = table.Query<TableEntity>("PartitionKey eq 'webhook'").Single();
        var box = row.GetString("Secret");
        row["Secret"] = SecretSeal.Seal(SecretSeal.PublicKeyOf(new byte[32]), row.RowKey, secret);
        await table.UpdateEntityAsync(row, row.ETag);
        using var client = Host.ClientWith(value);
        var id = await SubmitAsync(Photo, client);
        await ProcessAsync(id, attempt: 1);
        await DeliverAsync(id, attempt: 1);
        Assert.That(Caller.Deliveries, Is.Empty);
        Assert.That((await FindAsync(id)).Delivery, Has.Property("Status").EqualTo(WebhookStatus.Pending)
            .And.Property("Attempts").EqualTo(1));

        row["Secret"] = box;
        await table.UpdateEntityAsync(row, Azure.ETag.All);
        await DeliverAsync(id, attempt: 2);
        Assert.That(Caller.Deliveries.Single().IsSignedWith(secret), Is.True);
    }

    [Test]
    public async Task Erasing_a_key_ends_its_open_jobs_and_leaves_nothing_of_it_and_all_of_others()
    {
        var key = await FillAsync("shop");
        var other = await FillAsync("other");
        Assert.That(await LeftOfAsync(key), Is.Not.Empty);
        var kept = await LeftOfAsync(other);

        await _keys.Admin.EraseAsync("shop", isConfirmed: true, CancellationToken.None);

        Assert.That(_keys.Said(), Does.Contain("Erased 12 artworks"));
        Assert.That(await LeftOfAsync(key), Is.Empty);
        Assert.That(await LeftOfAsync(other), Is.EqualTo(kept));
        using var client = Host.ClientWith(key.Value);
        using var list = await client.GetAsync("/v2/artworks");
        Assert.That((await list.JsonAsync()).GetProperty("items").GetArrayLength(), Is.Zero, "the key itself works");
    }

    [Test]
    public async Task An_erase_that_was_interrupted_is_finished_by_the_next_one()
    {
        var key = await FillAsync("shop");
        // As if it had died between two deletions of an artwork, and of another before its list entry was written.
        var artworks = new TableClient(Host.ConnectionString, "artworks");
        var byKey = new TableClient(Host.ConnectionString, "artworksbykey");
        foreach (var id in key.Artworks.Take(6))
            await artworks.DeleteEntityAsync(id.ToString("N")[^1..], $"artwork_{id:N}");
        foreach (var row in byKey.Query<TableEntity>($"PartitionKey eq '{key.Id}'").ToList()
            .Where(row => row.GetGuid("Id") == key.Artworks[^1]))
            await byKey.DeleteEntityAsync(row.PartitionKey, row.RowKey);

        using var interrupted = new CancellationTokenSource();
        await interrupted.CancelAsync();
        Assert.That(() => Host.Get<EraseKeyData>().EraseAsync(key.Id, interrupted.Token),
            Throws.InstanceOf<OperationCanceledException>());
        await _keys.Admin.EraseAsync("shop", isConfirmed: true, CancellationToken.None);
        Assert.That(await LeftOfAsync(key with { Artworks = [.. key.Artworks.Skip(6)] }), Is.Empty);
        await _keys.Admin.EraseAsync("shop", isConfirmed: true, CancellationToken.None);
        Assert.That(_keys.Said(), Does.Contain("Erased 0 artworks"));
    }

    [Test]
    public async Task Erasing_a_deleted_key_erases_its_webhook_secret_too()
    {
        var key = await FillAsync("shop");
        await _keys.Admin.DeleteAsync("shop", CancellationToken.None);
        await _keys.Admin.EraseAsync("shop", isConfirmed: true, CancellationToken.None);
        Assert.That(await LeftOfAsync(key), Is.Empty);
        Assert.That(await Host.Get<WebhookSecretTable>().FindAsync(key.Id, CancellationToken.None), Is.Null);
    }

    [TestCase("", false)]
    [TestCase("no\n", false)]
    [TestCase("y\n", true)]
    public async Task Erasing_asks_first(string answer, bool erases)
    {
        var key = await FillAsync("shop");
        var erasing = _keys.Answering(answer).EraseAsync("shop", isConfirmed: false, CancellationToken.None);
        if (erases) await erasing;
        else Assert.That(() => erasing, Throws.TypeOf<UserException>().With.Message.Contains("--yes"));
        Assert.That(_keys.Said(), Does.Contain("cannot be undone"));
        Assert.That((await LeftOfAsync(key)).Count == 0, Is.EqualTo(erases));
    }

    private sealed record Filled(string Id, string Value, IReadOnlyList<Guid> Artworks);

    /// <summary>A key with a delivered artwork, one that a worker holds, some queued and some that wait; with stored
    /// inputs and idempotency keys, one of a submission that died.</summary>
    private async Task<Filled> FillAsync(string name)
    {
        var (value, _) = await _keys.AddAsync(name);
        using var client = Host.ClientWith(value);
        var image = Convert.ToBase64String(await File.ReadAllBytesAsync(SmallPhotos.Of("scene-toycar.jpg")));
        var ids = new List<Guid>();
        for (var number = 0; number < 12; number++)
        {
            using var response = await Host.SubmitAsync(new { imageUrl = number % 2 == 0 ? Photo
                : $"data:image/jpeg;base64,{image}", webhook = Caller.WebhookUrl }, client,
                ("Idempotency-Key", $"{name} {number}"));
            ids.Add(Guid.Parse((await response.JsonAsync()).Text("id")!));
        }
        await ProcessAsync($"{ids[0]}", attempt: 1);
        await DeliverAsync($"{ids[0]}", attempt: 1);
        var first = (await FindAsync($"{ids[1]}"));
        await Table().TryUpdateAsync(first, first.Claim("worker", Clock.GetUtcNow(), TimeSpan.FromMinutes(1)),
            CancellationToken.None);
        var keyId = first.KeyId;
        var died = Guid.CreateVersion7(Clock.GetUtcNow());
        await new TableClient(Host.ConnectionString, "idempotency").AddEntityAsync(new TableEntity(keyId, "died")
            { ["ArtworkId"] = died, ["CreatedAt"] = Clock.GetUtcNow() });
        await Host.Get<StoredImages>().PutInputAsync(died, StoredInput.Photo, BinaryData.FromString("x"));
        return new(keyId, value, [.. ids, died]);
    }

    /// <summary>Rows and blobs that belong to a key, other than the key itself and the audit log.</summary>
    private async Task<List<string>> LeftOfAsync(Filled key)
    {
        var names = key.Artworks.Select(id => id.ToString("N")).ToList();
        var left = new List<string>();
        foreach (var table in StorageSetup.Tables.Where(table => table is not ("keys" or "audit")))
            await foreach (var row in new TableClient(Host.ConnectionString, table).QueryAsync<TableEntity>())
            {
                var owner = row.TryGetValue("KeyId", out var keyId) ? keyId : "";
                var text = $"{table} {row.PartitionKey} {row.RowKey} {owner}";
                if (text.Contains(key.Id, StringComparison.Ordinal)
                    || names.Exists(name => text.Contains(name, StringComparison.Ordinal))) left.Add(text);
            }
        foreach (var container in StorageSetup.Containers)
            await foreach (var blob in new BlobContainerClient(Host.ConnectionString, container).GetBlobsAsync())
                if (names.Exists(name => blob.Name.Contains(name, StringComparison.Ordinal)))
                    left.Add($"{container} {blob.Name}");
        return left;
    }

    private async Task<ReceivedDelivery> DeliveredAsync(string value)
    {
        using var client = Host.ClientWith(value);
        var id = await SubmitAsync(Photo, client);
        await ProcessAsync(id, attempt: 1);
        await DeliverAsync(id, attempt: 1);
        return Caller.Deliveries.Last();
    }
}
