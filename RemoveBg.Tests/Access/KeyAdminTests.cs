using System.Text;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Access;

/// <summary>The operator's commands and the check that callers meet, on one real storage.</summary>
public sealed class KeyAdminTests
{
    private FakeTimeProvider _clock = null!;
    private StorageProxy _storage = null!;
    private ServiceProvider _services = null!;
    private KeyCommands _keys = null!;

    [SetUp]
    public async Task Open()
    {
        _clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _storage = await StorageProxy.StartAsync(Storage.NewAccount());
        _services = KeyCommands.Services(_storage.ConnectionString, _clock, WebhookSigner.GenerateSecret());
        await _services.GetRequiredService<WebhookSecrets>().PrepareAsync(CancellationToken.None);
        _keys = new(_services);
    }

    [TearDown]
    public async Task Close()
    {
        _keys.Dispose();
        await _services.DisposeAsync();
        await _storage.DisposeAsync();
    }

    [Test]
    public async Task A_new_key_and_its_webhook_secret_are_printed_once_and_work()
    {
        var (value, secret) = await _keys.AddAsync("shop");
        Assert.That((await CheckAsync(value)).Name, Is.EqualTo("shop"));
        Assert.That(() => WebhookSigner.KeyOf(secret), Throws.Nothing);
        Assert.That(await _keys.ListedAsync(), Does.Contain("shop").And.Contain("enabled").And.Contain("own")
            .And.Not.Contain(value).And.Not.Contain(secret));
    }

    [Test]
    public async Task Storage_has_the_hash_of_a_key_and_nowhere_the_key_or_its_webhook_secret()
    {
        var (value, secret) = await _keys.AddAsync("shop");
        var rotated = await RotateAsync("shop", TimeSpan.FromDays(1));
        await CheckAsync(value);
        await CheckAsync(rotated);
        var cells = new List<string>();
        var tables = new TableServiceClient(_storage.ConnectionString);
        await foreach (var table in tables.QueryAsync())
            await foreach (var row in tables.GetTableClient(table.Name).QueryAsync<TableEntity>())
                cells.AddRange(((IDictionary<string, object>)row).Values.Select(cell => cell is BinaryData bytes
                    ? Encoding.Latin1.GetString(bytes) : cell is byte[] array ? Encoding.Latin1.GetString(array)
                    : $"{cell}"));
        foreach (var key in new[] { value, rotated })
            Assert.That(cells, Has.Some.EqualTo(Convert.ToHexStringLower(ApiKey.HashOf(key))));
        foreach (var hidden in new[] { value, rotated, secret })
        {
            var part = hidden[^20..];
            Assert.That(cells, Has.None.Contains(part));
            Assert.That(cells, Has.None.Contains(Convert.ToBase64String(Encoding.ASCII.GetBytes(hidden))[..20]));
        }
        Assert.That(cells, Has.None.Contains(Encoding.Latin1.GetString(WebhookSigner.KeyOf(secret))));
    }

    [Test]
    public async Task A_disabled_key_gets_403_within_seconds_and_can_be_enabled_again()
    {
        var (value, _) = await _keys.AddAsync("shop");
        await CheckAsync(value);
        await _keys.Admin.SetEnabledAsync("shop", isEnabled: false, CancellationToken.None);
        _clock.Advance(ApiKeyTable.CacheTime);
        Assert.That(() => CheckAsync(value), Throws.TypeOf<ApiException>().With.Property("StatusCode").EqualTo(403));
        await _keys.Admin.SetEnabledAsync("shop", isEnabled: true, CancellationToken.None);
        _clock.Advance(ApiKeyTable.CacheTime);
        Assert.That(() => CheckAsync(value), Throws.Nothing);
    }

    [Test]
    public async Task A_rotated_key_has_two_values_and_then_one_and_stays_the_same_owner()
    {
        var (first, _) = await _keys.AddAsync("shop");
        var second = await RotateAsync("shop", TimeSpan.FromDays(7));
        Assert.That((await CheckAsync(second)).Id, Is.EqualTo((await CheckAsync(first)).Id));
        _clock.Advance(TimeSpan.FromDays(7));
        Assert.That(() => CheckAsync(first), Throws.TypeOf<ApiException>().With.Message.Contains("expired"));
        Assert.That(() => CheckAsync(second), Throws.Nothing);
    }

    [Test]
    public async Task Rotation_neither_enables_a_disabled_key_nor_lengthens_its_life()
    {
        await _keys.AddAsync("shop", _clock.GetUtcNow().AddDays(30));
        var second = await RotateAsync("shop", TimeSpan.FromDays(1));
        var third = await RotateAsync("shop", TimeSpan.FromDays(1));
        Assert.That((await CheckAsync(third)).ExpiresAt, Is.EqualTo(_clock.GetUtcNow().AddDays(30)));
        Assert.That((await CheckAsync(second)).ExpiresAt, Is.EqualTo(_clock.GetUtcNow().AddDays(1)));

        await _keys.Admin.SetEnabledAsync("shop", isEnabled: false, CancellationToken.None);
        var fourth = await RotateAsync("shop", TimeSpan.FromDays(1));
        Assert.That(() => CheckAsync(fourth), Throws.TypeOf<ApiException>().With.Message.Contains("disabled"));
    }

    [Test]
    public async Task An_expired_key_is_rotated_only_with_a_new_expiry()
    {
        await _keys.AddAsync("shop", _clock.GetUtcNow().AddDays(1));
        _clock.Advance(TimeSpan.FromDays(2));
        Assert.That(() => RotateAsync("shop", TimeSpan.Zero),
            Throws.TypeOf<UserException>().With.Message.Contains("--expires"));
        Assert.That(() => RotateAsync("shop", TimeSpan.Zero, _clock.GetUtcNow().AddDays(-1)),
            Throws.TypeOf<UserException>().With.Message.Contains("past"));
        Assert.That((await CheckAsync(await RotateAsync("shop", TimeSpan.Zero, _clock.GetUtcNow().AddDays(9)))).Name,
            Is.EqualTo("shop"));
    }

    [Test]
    public async Task A_deleted_key_gets_401_and_is_no_longer_listed()
    {
        var (value, _) = await _keys.AddAsync("shop");
        var (other, _) = await _keys.AddAsync("other");
        await RotateAsync("shop", TimeSpan.FromDays(1));
        await CheckAsync(value);
        await _keys.Admin.DeleteAsync("shop", CancellationToken.None);
        _keys.Said();
        _clock.Advance(ApiKeyTable.CacheTime);
        Assert.That(() => CheckAsync(value), Throws.TypeOf<ApiException>().With.Property("StatusCode").EqualTo(401));
        Assert.That(() => CheckAsync(other), Throws.Nothing);
        Assert.That(await _keys.ListedAsync(), Does.Not.Contain("shop").And.Contain("other"));
    }

    [Test]
    public async Task The_list_marks_keys_that_expire_within_14_days_and_keys_without_a_secret_of_their_own()
    {
        await _keys.AddAsync("soon", _clock.GetUtcNow().AddDays(14));
        await _keys.AddAsync("later", _clock.GetUtcNow().AddDays(15));
        await _services.GetRequiredService<ApiKeyTable>().PutAsync(new("old", "old", ApiKey.HashOf("x"), true, null,
            Scopes.All, 60, 10), CancellationToken.None);
        var lines = (await _keys.ListedAsync()).Split('\n');
        Assert.Multiple(() =>
        {
            Assert.That(lines.Single(line => line.Contains(" soon ", StringComparison.Ordinal) && line.Contains("key_",
                StringComparison.Ordinal)), Does.Contain("expires soon").And.Contain(" own "));
            Assert.That(lines.Single(line => line.Contains("later", StringComparison.Ordinal)),
                Does.Contain("enabled"));
            Assert.That(lines.Single(line => line.Contains(" old ", StringComparison.Ordinal)),
                Does.Contain("global"));
        });
    }

    [Test]
    public async Task Each_action_on_a_key_is_in_the_audit_log_with_who_and_when_and_without_a_secret()
    {
        var admin = _keys.Admin;
        await _keys.AddAsync("shop");
        await _keys.AddAsync("other");
        foreach (var act in new Func<Task>[]
        {
            () => admin.RotateAsync("shop", TimeSpan.FromDays(1), null, CancellationToken.None),
            () => admin.RotateSecretAsync("shop", TimeSpan.FromDays(1), CancellationToken.None),
            () => admin.SetEnabledAsync("shop", isEnabled: false, CancellationToken.None),
            () => admin.SetEnabledAsync("shop", isEnabled: true, CancellationToken.None),
            () => admin.EraseAsync("shop", isConfirmed: true, CancellationToken.None),
            () => admin.DeleteAsync("shop", CancellationToken.None),
        })
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            await act();
        }
        _keys.Said();

        await admin.AuditAsync("shop", CancellationToken.None);
        var log = _keys.Said();
        var actions = log.Split('\n').Where(line => line.Contains(KeyCommands.Who, StringComparison.Ordinal))
            .Select(line => line.Split('│', StringSplitOptions.TrimEntries)[1..4]).ToList();
        Assert.That(actions.Select(row => row[2]), Is.EqualTo(new[] { "add", "rotate", "rotate-webhook-secret",
            "disable", "enable", "erase", "erase", "delete" }));
        Assert.That(actions.Select(row => row[0]).First(), Is.EqualTo("2026-01-01 00:00:00Z"));
        Assert.That(actions.Select(row => row[0]).Last(), Is.EqualTo("2026-01-01 00:06:00Z"));
        Assert.That(log, Does.Not.Contain("rbg_").And.Not.Contain("whsec_").And.Not.Contain("other"));
        await admin.AuditAsync(null, CancellationToken.None);
        Assert.That(_keys.Said(), Does.Contain("shop").And.Contain("other"));
    }

    [Test]
    public async Task An_action_that_the_audit_log_cannot_record_changes_nothing()
    {
        var (value, _) = await _keys.AddAsync("shop");
        _storage.Strike(Fate.Full, times: 1000, "POST /", "/audit");
        Assert.That(() => _keys.Admin.SetEnabledAsync("shop", isEnabled: false, CancellationToken.None),
            Throws.TypeOf<Azure.RequestFailedException>());
        _storage.Decide = _ => Fate.Passed;
        _clock.Advance(ApiKeyTable.CacheTime);
        Assert.That(() => CheckAsync(value), Throws.Nothing);
    }

    [Test]
    public async Task An_ambiguous_key_name_is_an_error_that_lists_the_ids()
    {
        await _keys.AddAsync("twin");
        await _keys.AddAsync("twin");
        Assert.That(() => _keys.Admin.SetEnabledAsync("nobody", false, CancellationToken.None),
            Throws.TypeOf<UserException>().With.Message.Contains("removebg keys list"));
        Assert.That(() => _keys.Admin.SetEnabledAsync("twin", false, CancellationToken.None),
            Throws.TypeOf<UserException>().With.Message.Contains("use the id"));
    }

    private async Task<string> RotateAsync(string name, TimeSpan overlap, DateTimeOffset? expiresAt = null)
    {
        _keys.Said();
        await _keys.Admin.RotateAsync(name, overlap, expiresAt, CancellationToken.None);
        return KeyCommands.ValueIn(_keys.Said());
    }

    private Task<ApiKey> CheckAsync(string value) => _services.GetRequiredService<Authenticate>()
        .CheckAsync($"Bearer {value}", null, Scopes.Write, "192.0.2.1", CancellationToken.None);
}
