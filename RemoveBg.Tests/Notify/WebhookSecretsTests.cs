using System.Text;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Notify;

/// <summary>The keys' webhook secrets at rest, and which of them sign.</summary>
public sealed class WebhookSecretsTests
{
    private readonly FakeTimeProvider _clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly string _global = WebhookSigner.GenerateSecret(), _next = WebhookSigner.GenerateSecret();
    private readonly LogLines _log = new();
    private readonly List<ServiceProvider> _opened = [];
    private string _storage = null!;

    [SetUp]
    public void GiveStorage() => _storage = Storage.NewAccount();

    [TearDown]
    public async Task Close()
    {
        foreach (var services in _opened) await services.DisposeAsync();
        _opened.Clear();
    }

    [OneTimeTearDown]
    public void CloseLog() => _log.Dispose();

    [Test]
    public async Task A_keys_own_secret_signs_alone()
    {
        var (_, service) = await StartAsync(_global);
        var secret = await CreateAsync("key", TimeSpan.Zero);
        Assert.That(await service.FindAsync("key", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(secret) }));
    }

    [Test]
    public async Task Both_secrets_sign_while_one_is_rotated_and_then_the_new_one_alone()
    {
        var (_, service) = await StartAsync(_global);
        var first = await CreateAsync("key", TimeSpan.Zero);
        var second = await CreateAsync("key", TimeSpan.FromDays(1));
        Assert.That(await service.FindAsync("key", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(second), WebhookSigner.KeyOf(first) }));
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.That(await service.FindAsync("key", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(second) }));
        await CreateAsync("key", TimeSpan.Zero);
        Assert.That(await service.FindAsync("key", CancellationToken.None), Has.Count.EqualTo(1), "no overlap");
        var stored = await Table().FindAsync("key", CancellationToken.None);
        Assert.That((stored!.Previous, stored.PreviousUntil), Is.EqualTo(((string?)null, (DateTimeOffset?)null)));
    }

    [Test]
    public async Task A_key_without_a_secret_signs_with_the_global_one_and_is_warned_of_once()
    {
        using var log = new LogLines();
        var (_, service) = await StartAsync(_global, log);
        for (var time = 0; time < 3; time++)
            Assert.That(await service.FindAsync("old", CancellationToken.None),
                Is.EqualTo(new[] { WebhookSigner.KeyOf(_global) }));
        Assert.That(log.Of(520), Has.Count.EqualTo(1));
        Assert.That(log.Of(520)[0], Does.Contain("old"));

        // Its receiver can change over.
        var own = await CreateAsync("old", TimeSpan.FromDays(1));
        Assert.That(await service.FindAsync("old", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(own), WebhookSigner.KeyOf(_global) }));
    }

    [TestCase(" ")]
    [TestCase(",")]
    [TestCase("\n")]
    public async Task Two_global_secrets_in_the_settings_both_sign(string separator)
    {
        var (_, service) = await StartAsync($"{_next}{separator}{_global}");
        Assert.That(await service.FindAsync("old", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(_next), WebhookSigner.KeyOf(_global) }));
    }

    [Test]
    public async Task Storage_does_not_reveal_a_secret_without_the_global_one()
    {
        var (services, _) = await StartAsync(_global);
        var secret = await CreateAsync("key", TimeSpan.Zero);
        var box = (await services.GetRequiredService<WebhookSecretTable>().FindAsync("key", CancellationToken.None))!
            .Current;
        var dump = new StringBuilder();
        await foreach (var row in services.GetRequiredService<StorageClients>().Table("keys").QueryAsync<TableEntity>())
            foreach (var (_, value) in row)
                dump.Append(value is byte[] bytes ? Convert.ToBase64String(bytes) : value).Append('\n');
        Assert.That(dump.ToString(), Does.Contain(box).And.Not.Contain(secret)
            .And.Not.Contain(secret["whsec_".Length..]));
        Assert.Multiple(() =>
        {
            Assert.That(SecretSeal.TryOpen(WebhookSigner.KeyOf(_global), "key", box), Is.EqualTo(secret));
            Assert.That(SecretSeal.TryOpen(WebhookSigner.KeyOf(_next), "key", box), Is.Null, "another global secret");
            Assert.That(SecretSeal.TryOpen(WebhookSigner.KeyOf(_global), "other", box), Is.Null, "another key's row");
        });
    }

    [Test]
    public void A_changed_or_cut_box_does_not_open()
    {
        var global = WebhookSigner.KeyOf(_global);
        var box = Convert.FromBase64String(SecretSeal.Seal(SecretSeal.PublicKeyOf(global), "key", _next));
        for (var i = 0; i < box.Length; i++)
        {
            var changed = box.ToArray();
            changed[i] ^= 1;
            Assert.That(SecretSeal.TryOpen(global, "key", Convert.ToBase64String(changed)), Is.Null, $"byte {i}");
        }
        foreach (var length in new[] { 0, 90, 91, 106, box.Length - 1 })
            Assert.That(SecretSeal.TryOpen(global, "key", Convert.ToBase64String(box[..length])), Is.Null);
        Assert.That(SecretSeal.TryOpen(global, "key", "no base64"), Is.Null);
    }

    [Test]
    public async Task Rotating_the_global_secret_keeps_the_keys_own()
    {
        await StartAsync(_global);
        var first = await CreateAsync("key", TimeSpan.Zero);
        var second = await CreateAsync("key", TimeSpan.FromDays(1));
        await StartAsync($"{_next} {_global}");
        var (_, service) = await StartAsync(_next);
        Assert.That(await service.FindAsync("key", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(second), WebhookSigner.KeyOf(first) }));
    }

    [Test]
    public async Task Rotating_the_global_secret_keeps_a_keys_only_one()
    {
        await StartAsync(_global);
        var secret = await CreateAsync("key", TimeSpan.Zero);
        await StartAsync($"{_next} {_global}");
        var (_, service) = await StartAsync(_next);
        Assert.That(await service.FindAsync("key", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(secret) }));
    }

    [Test]
    public async Task Only_what_is_sealed_with_the_secret_that_is_retired_is_sealed_again()
    {
        await StartAsync($"{_next} {_global}");
        var (current, previous) = (WebhookSigner.GenerateSecret(), WebhookSigner.GenerateSecret());
        await Table().PutAsync(new("key", Sealed(_next, current), Sealed(_global, previous),
            _clock.GetUtcNow().AddDays(1)), CancellationToken.None);
        await StartAsync($"{_next} {_global}");
        var (_, service) = await StartAsync(_next);
        Assert.That(await service.FindAsync("key", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(current), WebhookSigner.KeyOf(previous) }));

        var before = await Table().FindAsync("key", CancellationToken.None);
        await StartAsync($"{_next} {_global}");
        Assert.That((await Table().FindAsync("key", CancellationToken.None))!.ETag, Is.EqualTo(before!.ETag),
            "nothing to write");

        static string Sealed(string global, string secret) =>
            SecretSeal.Seal(SecretSeal.PublicKeyOf(WebhookSigner.KeyOf(global)), "key", secret);
    }

    [Test]
    public async Task A_secret_that_cannot_be_opened_is_reported_and_not_replaced_by_the_global_one()
    {
        await StartAsync(_global);
        await CreateAsync("key", TimeSpan.Zero);
        using var log = new LogLines();
        var (_, service) = await StartAsync(_next, log);
        Assert.That(await service.FindAsync("key", CancellationToken.None), Is.Null);
        Assert.That(log.Of(521), Has.Count.EqualTo(2), "at startup and at use");

        var (_, restored) = await StartAsync(_global);
        Assert.That(await restored.FindAsync("key", CancellationToken.None), Has.Count.EqualTo(1), "nothing was lost");
    }

    [Test]
    public async Task A_secret_that_is_rotated_and_cannot_be_opened_is_reported_and_the_new_one_signs_alone()
    {
        using var log = new LogLines();
        var (services, service) = await StartAsync(_global, log);
        await CreateAsync("key", TimeSpan.Zero);
        var second = await CreateAsync("key", TimeSpan.FromDays(1));
        var table = services.GetRequiredService<StorageClients>().Table("keys");
        await table.UpdateEntityAsync(new TableEntity("webhook", "key") { ["Previous"] = "no box" }, Azure.ETag.All);
        Assert.That(await service.FindAsync("key", CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(second) }));
        Assert.That(log.Of(521), Has.Count.EqualTo(1).And.All.Contains("key"));
    }

    [Test]
    public async Task A_first_start_on_new_storage_reports_nothing_as_deleted()
    {
        using var log = new LogLines();
        await StartAsync(_global, log);
        Assert.That(await Table().FindPublicKeyAsync(CancellationToken.None), Is.Not.Null);
        Assert.That(log.Of(703), Is.Empty);
    }

    [Test]
    public async Task A_public_key_that_storage_refuses_is_published_a_minute_later()
    {
        await using var network = await StorageProxy.StartAsync(_storage);
        await new StorageSetup(new(KeyCommands.Settings(_storage)), NullLogger<StorageSetup>.Instance)
            .EnsureAsync(CancellationToken.None);
        network.Decide = request => request.StartsWith("GET", StringComparison.Ordinal) ? Fate.Passed : Fate.Full;
        using var log = new LogLines();
        await using var services = KeyCommands.Services(network.ConnectionString, _clock, _global, log);
        var service = services.GetRequiredService<WebhookSecrets>();
        await service.StartAsync(CancellationToken.None);
        await Eventually.HoldsAsync(() => log.Of(522).Count == 1, "the failure is logged");
        network.Decide = _ => Fate.Passed;
        var table = services.GetRequiredService<WebhookSecretTable>();
        Assert.That(await table.FindPublicKeyAsync(CancellationToken.None), Is.Null);
        await Eventually.HoldsAsync(async () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return await table.FindPublicKeyAsync(CancellationToken.None) is not null;
        }, "the public key is published");
        await Eventually.HoldsAsync(() => service.ExecuteTask!.IsCompletedSuccessfully, "once is enough");
        await service.StopAsync(CancellationToken.None);
    }

    /// <summary>The service as it starts with these global secrets.</summary>
    private async Task<(ServiceProvider, WebhookSecrets)> StartAsync(string global, LogLines? log = null)
    {
        var services = KeyCommands.Services(_storage, _clock, global, log ?? _log);
        _opened.Add(services);
        var secrets = services.GetRequiredService<WebhookSecrets>();
        await secrets.PrepareAsync(CancellationToken.None);
        return (services, secrets);
    }

    private WebhookSecretTable Table() => new(_opened[^1].GetRequiredService<StorageClients>(), _clock);

    /// <summary>Acts as an operator's command, which does not have the global secret.</summary>
    private async Task<string> CreateAsync(string keyId, TimeSpan overlap)
    {
        var table = Table();
        return await table.CreateAsync(keyId, (await table.FindPublicKeyAsync(CancellationToken.None))!, overlap,
            CancellationToken.None);
    }
}
