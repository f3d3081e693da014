using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Cli.Keys;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Access;

/// <summary><c>keys export</c> and <c>keys import</c>, from one real storage to another.</summary>
public sealed class KeyTransferTests
{
    private static readonly ImportOptions Plain = new(Replaces: false, IsDryRun: false);

    private FakeTimeProvider _clock = null!;
    private TemporaryFolder _folder = null!;
    private string _globalSecret = null!;
    private ServiceProvider _from = null!, _to = null!;
    private KeyCommands _source = null!, _target = null!;

    private string File => Path.Combine(_folder.Path, "keys.json");

    [SetUp]
    public async Task OpenAsync()
    {
        _clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _folder = new();
        _globalSecret = WebhookSigner.GenerateSecret();
        (_from, _source) = await ServiceAsync(_globalSecret);
        (_to, _target) = await ServiceAsync(_globalSecret);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _source.Dispose();
        _target.Dispose();
        await _from.DisposeAsync();
        await _to.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Imported_keys_work_with_their_limits_and_sign_with_their_secrets()
    {
        var (value, secret) = await _source.AddAsync("shop", _clock.GetUtcNow() + TimeSpan.FromDays(30));
        await _source.Admin.RotateAsync("shop", TimeSpan.FromDays(1), null, CancellationToken.None);
        var second = KeyCommands.ValueIn(_source.Said());
        await _source.Admin.SetEnabledAsync("shop", isEnabled: true, CancellationToken.None);
        await ExportAsync();
        await _target.Admin.Transfer.ImportAsync(File, Plain, CancellationToken.None);
        Assert.That(_target.Said(), Does.Contain("Imported 2 new keys and 1 new webhook secret;"));

        foreach (var imported in new[] { value, second })
        {
            var (before, after) = (await FindAsync(_from, imported), await FindAsync(_to, imported));
            Assert.That(KeyInFile.Of(after!).IsSameAs(KeyInFile.Of(before!)), Is.True);
        }
        var keyId = (await FindAsync(_to, value))!.Id;
        Assert.That(await _to.GetRequiredService<WebhookSecrets>().FindAsync(keyId, CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(secret) }));
    }

    [Test]
    public async Task The_file_has_neither_keys_nor_webhook_secrets_and_is_its_owners_alone()
    {
        var (value, secret) = await _source.AddAsync("shop");
        await ExportAsync();
        var text = await System.IO.File.ReadAllTextAsync(File);
        Assert.That(text, Does.Contain("shop").And.Contain(Convert.ToHexStringLower(ApiKey.HashOf(value))));
        Assert.That(text, Does.Not.Contain(value[^20..]).And.Not.Contain(secret[^20..]));
        if (!OperatingSystem.IsWindows())
            Assert.That(System.IO.File.GetUnixFileMode(File),
                Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public async Task An_export_overwrites_no_file()
    {
        await System.IO.File.WriteAllTextAsync(File, "mine");
        Assert.That(ExportAsync, Throws.TypeOf<UserException>().With.Message.Contains("new file"));
        Assert.That(await System.IO.File.ReadAllTextAsync(File), Is.EqualTo("mine"));
    }

    [Test]
    public async Task A_repeated_import_changes_nothing()
    {
        await _source.AddAsync("shop");
        await ExportAsync();
        await _target.Admin.Transfer.ImportAsync(File, Plain, CancellationToken.None);
        _target.Said();
        var audited = await AuditedAsync(_target);
        await _target.Admin.Transfer.ImportAsync(File, Plain, CancellationToken.None);
        Assert.That(_target.Said(), Does.Contain("Imported 0 new keys and 0 new webhook secrets; replaced: 0 keys and "
            + "0 webhook secrets; the same already: 1 key and 1 webhook secret."));
        Assert.That(await AuditedAsync(_target), Is.EqualTo(audited));
    }

    [Test]
    public async Task A_dry_run_says_what_would_be_done_and_does_nothing()
    {
        var (value, _) = await _source.AddAsync("shop");
        await ExportAsync();
        await _target.Admin.Transfer.ImportAsync(File, new(Replaces: false, IsDryRun: true), CancellationToken.None);
        Assert.That(_target.Said(), Does.StartWith("Would import 1 new key and 1 new webhook secret;"));
        Assert.That(await FindAsync(_to, value), Is.Null);
        Assert.That(await AuditedAsync(_target), Does.Not.Contain("import"));
    }

    [Test]
    public async Task A_key_that_storage_has_otherwise_is_overwritten_only_when_asked()
    {
        var (value, secret) = await _source.AddAsync("shop");
        var (other, _) = await _source.AddAsync("other");
        await ExportAsync();
        await _source.Admin.SetEnabledAsync("shop", isEnabled: false, CancellationToken.None);
        await _source.Admin.RotateAsync("shop", TimeSpan.FromDays(1), null, CancellationToken.None);
        await _source.Admin.RotateSecretAsync("shop", TimeSpan.Zero, CancellationToken.None);
        await _source.Admin.DeleteAsync("other", CancellationToken.None);
        _source.Said();
        Assert.That((await FindAsync(_from, value))!.ExpiresAt, Is.Not.Null);
        await _from.GetRequiredService<ApiKeyTable>().TryAddUsesAsync(ApiKey.HashOf(value), 7, _clock.GetUtcNow(),
            CancellationToken.None);
        var id = (await FindAsync(_from, value))!.Id;

        Assert.That(() => _source.Admin.Transfer.ImportAsync(File, Plain, CancellationToken.None),
            Throws.TypeOf<UserException>().With.Message.Contains($"{id} (shop, SHA-256 ")
                .And.Message.Contains($"the webhook secret of {id}").And.Message.Contains("--replace"));
        Assert.That(await FindAsync(_from, other), Is.Null, "nothing is imported then");

        await _source.Admin.Transfer.ImportAsync(File, new(Replaces: true, IsDryRun: false), CancellationToken.None);
        Assert.That(_source.Said(), Does.Contain("1 new key").And.Contain("replaced: 1 key and 1 webhook secret"));
        var restored = (await FindAsync(_from, value))!;
        Assert.That((restored.IsEnabled, restored.ExpiresAt, restored.Uses),
            Is.EqualTo((true, (DateTimeOffset?)null, 7L)));
        Assert.That(await FindAsync(_from, other), Is.Not.Null);
        Assert.That(await _from.GetRequiredService<WebhookSecrets>().FindAsync(id, CancellationToken.None),
            Is.EqualTo(new[] { WebhookSigner.KeyOf(secret) }));
    }

    [Test]
    public async Task Both_are_in_the_audit_log_of_each_key()
    {
        await _source.AddAsync("shop");
        await ExportAsync();
        await _target.Admin.Transfer.ImportAsync(File, Plain, CancellationToken.None);
        Assert.That(await AuditedAsync(_source, "shop"), Does.Contain("export"));
        Assert.That(await AuditedAsync(_target, "shop"),
            Does.Contain("import").And.Contain("from a file of 2026-01-01"));
    }

    [Test]
    public async Task Secrets_that_were_sealed_for_another_global_secret_are_named_and_open_once_both_are_set()
    {
        var (value, secret) = await _source.AddAsync("shop");
        await ExportAsync();
        var own = WebhookSigner.GenerateSecret();
        var account = Storage.NewAccount();
        var (services, keys) = await ServiceAsync(own, account);
        await using (services)
        using (keys)
        {
            await keys.Admin.Transfer.ImportAsync(File, Plain, CancellationToken.None);
            Assert.That(keys.Said(), Does.Contain("another global webhook secret"));
        }
        var (restarted, after) = await ServiceAsync($"{own} {_globalSecret}", account);
        await using (restarted)
        using (after)
        {
            var keyId = (await FindAsync(restarted, value))!.Id;
            var opened = await restarted.GetRequiredService<WebhookSecrets>().FindAsync(keyId, CancellationToken.None);
            Assert.That(opened, Is.EqualTo(new[] { WebhookSigner.KeyOf(secret) }));
        }
    }

    [TestCase("format", "\"other\"", "format must be removebg-keys")]
    [TestCase("version", "2", "version must be 1")]
    [TestCase("keys", null, "keys is missing")]
    [TestCase("webhookSecrets", null, "webhookSecrets is missing")]
    [TestCase("colour", "1", "colour is not what")]
    [TestCase("keys[0].id", "\"a/b\"", "keys[0].id must be an id")]
    [TestCase("keys[0].name", "\"\\n\"", "keys[0].name must have 1 to 100")]
    [TestCase("keys[1].sha256", "\"12ab\"", "keys[1].sha256 must have 64 hexadecimal digits")]
    [TestCase("keys[1].sha256", "the first one's", "keys[1].sha256 repeats keys[0].sha256")]
    [TestCase("keys[1].isEnabled", "1", "keys[1].isEnabled is not what")]
    [TestCase("keys[1].isEnabled", null, "keys[1].isEnabled must be true or false")]
    [TestCase("keys[1].scopes", "[\"artworks:all\"]", "keys[1].scopes must be a list of artworks:read")]
    [TestCase("keys[1].scopes", "[]", "keys[1].scopes must be a list of artworks:read")]
    [TestCase("keys[1].expiresAt", "\"0001-01-01T00:00:00Z\"", "keys[1].expiresAt must be a time from the year 2000")]
    [TestCase("keys[1].burst", "0", "keys[1].burst must be a whole number from 1")]
    [TestCase("keys[1].burst", "1.5", "keys[1].burst is not what")]
    [TestCase("keys[1].expiresAt", "\"soon\"", "keys[1].expiresAt is not what")]
    [TestCase("webhookSecrets[1].secret", "\"?\"", "webhookSecrets[1].secret must be a sealed secret")]
    [TestCase("webhookSecrets[1].previous", "\"AAAA\"", "webhookSecrets[1].previousUntil is missing")]
    public async Task A_damaged_file_is_refused_with_the_field_and_nothing_is_imported(string field, string? value,
        string problem)
    {
        await _source.AddAsync("first");
        await _source.AddAsync("second");
        await ExportAsync();
        var file = JsonNode.Parse(await System.IO.File.ReadAllTextAsync(File))!;
        var (parent, name) = field.Contains('.', StringComparison.Ordinal)
            ? (file[field.Split('[')[0]]![field[field.IndexOf('[', StringComparison.Ordinal) + 1] - '0']!.AsObject(),
                field.Split('.')[1])
            : (file.AsObject(), field);
        if (value == "the first one's") parent[name] = file["keys"]![0]![name]!.DeepClone();
        else if (value is null) parent.Remove(name);
        else parent[name] = JsonNode.Parse(value);
        await System.IO.File.WriteAllTextAsync(File, file.ToJsonString());
        await AssertRefusedAsync(problem);
    }

    [Test]
    public async Task A_file_that_breaks_off_is_refused_with_the_place()
    {
        await _source.AddAsync("first");
        await ExportAsync();
        var text = await System.IO.File.ReadAllTextAsync(File);
        var half = text[..text.IndexOf("\"burst\"", StringComparison.Ordinal)];
        await System.IO.File.WriteAllTextAsync(File, half);
        await AssertRefusedAsync("keys[0]");
        await System.IO.File.WriteAllTextAsync(File, "");
        await AssertRefusedAsync("line 1");
        await System.IO.File.WriteAllTextAsync(File, "null");
        await AssertRefusedAsync("the file is empty");
        System.IO.File.Delete(File);
        Assert.That(() => _target.Admin.Transfer.ImportAsync(File, Plain, CancellationToken.None),
            Throws.TypeOf<UserException>().With.Message.Contains("cannot be read"));
    }

    private async Task AssertRefusedAsync(string problem)
    {
        Assert.That(() => _target.Admin.Transfer.ImportAsync(File, new(Replaces: true, IsDryRun: false),
            CancellationToken.None), Throws.TypeOf<UserException>().With.Message.Contains($"damaged: {problem}"));
        Assert.That(await _to.GetRequiredService<ApiKeyTable>().AllAsync(CancellationToken.None).ToListAsync(),
            Is.Empty);
    }

    private Task ExportAsync() => _source.Admin.Transfer.ExportAsync(File, CancellationToken.None);

    private async Task<(ServiceProvider, KeyCommands)> ServiceAsync(string globalSecrets, string? account = null)
    {
        var services = KeyCommands.Services(account ?? Storage.NewAccount(), _clock, globalSecrets);
        await services.GetRequiredService<StorageSetup>().EnsureAsync(CancellationToken.None);
        await services.GetRequiredService<WebhookSecrets>().PrepareAsync(CancellationToken.None);
        return (services, new(services));
    }

    private static Task<ApiKey?> FindAsync(IServiceProvider services, string value) =>
        services.GetRequiredService<ApiKeyTable>().AllAsync(CancellationToken.None)
            .FirstOrDefaultAsync(key => key.Hash.SequenceEqual(ApiKey.HashOf(value))).AsTask();

    private static async Task<string> AuditedAsync(KeyCommands keys, string? key = null)
    {
        keys.Said();
        await keys.Admin.AuditAsync(key, CancellationToken.None);
        return keys.Said();
    }
}
