using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Access;

public sealed class KeyUsageTests
{
    private FakeTimeProvider _clock = null!;
    private LogLines _log = null!;
    private ServiceProvider _services = null!;
    private ApiKey _key = null!;

    [SetUp]
    public async Task Open()
    {
        _clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _log = new();
        _services = KeyCommands.Services(Storage.NewAccount(), _clock, WebhookSigner.GenerateSecret(), _log);
        await _services.GetRequiredService<StorageSetup>().EnsureAsync(CancellationToken.None);
        _key = new("key", "shop", ApiKey.HashOf("x"), true, _clock.GetUtcNow().AddDays(20), Scopes.All, 60, 10);
        await Keys.PutAsync(_key, CancellationToken.None);
    }

    [TearDown]
    public async Task Close()
    {
        _log.Dispose();
        await _services.DisposeAsync();
    }

    [Test]
    public async Task Uses_of_all_instances_add_up_and_each_writes_at_most_once_a_minute()
    {
        var (one, other) = (Usage(Keys), Usage(Keys));
        one.Count(_key);
        await one.StoreAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(59));
        one.Count(_key);
        other.Count(_key);
        await one.StoreAsync(CancellationToken.None);
        await other.StoreAsync(CancellationToken.None);
        var before = await StoredAsync();
        Assert.That((before.Uses, before.LastUsedAt), Is.EqualTo((2, _clock.GetUtcNow())), "the third use waits");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await one.StoreAsync(CancellationToken.None);
        Assert.That((await StoredAsync()).Uses, Is.EqualTo(3));
    }

    [Test]
    public async Task An_instance_that_stops_stores_what_it_has_counted()
    {
        var usage = Usage(Keys);
        usage.Count(_key);
        await usage.StoreAsync(CancellationToken.None);
        usage.Count(_key);
        await usage.StopAsync(CancellationToken.None);
        Assert.That((await StoredAsync()).Uses, Is.EqualTo(2));
    }

    [Test]
    public async Task An_operators_change_keeps_the_use()
    {
        var usage = Usage(Keys);
        usage.Count(_key);
        await usage.StoreAsync(CancellationToken.None);
        await Keys.PutAsync(_key with { IsEnabled = false }, CancellationToken.None);
        Assert.That(((await StoredAsync()).Uses, (await StoredAsync()).IsEnabled), Is.EqualTo((1, false)));
    }

    [Test]
    public async Task A_deleted_key_does_not_come_back_with_its_use()
    {
        var usage = Usage(Keys);
        usage.Count(_key);
        await Keys.DeleteAsync(_key, CancellationToken.None);
        await usage.StoreAsync(CancellationToken.None);
        Assert.That(await Keys.AllAsync(CancellationToken.None).AnyAsync(), Is.False);
    }

    [Test]
    public async Task Storage_that_does_not_respond_costs_a_log_line_and_nothing_else()
    {
        const string nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;"
            + "TableEndpoint=http://127.0.0.1:1/a;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a";
        await using var dead = KeyCommands.Services(nowhere, _clock, WebhookSigner.GenerateSecret(), _log);
        var usage = dead.GetRequiredService<KeyUsage>();
        usage.Count(_key);
        await usage.StoreAsync(CancellationToken.None);
        Assert.That(_log.Of(1301), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_key_that_expires_within_14_days_is_warned_of_once_a_day_of_use()
    {
        var usage = Usage(Keys);
        usage.Count(_key);
        Assert.That(_log.Of(1300), Is.Empty, "20 days are left");
        foreach (var hours in new[] { 6 * 24, 12, 12, 24 })
        {
            _clock.Advance(TimeSpan.FromHours(hours));
            usage.Count(_key);
            usage.Count(_key);
        }
        Assert.That(_log.Of(1300), Has.Count.EqualTo(3));
        Assert.That(_log.Of(1300)[0], Does.Contain("key").And.Contain("shop").And.Contain("2026-01-21"));
    }

    [Test]
    public async Task A_request_is_counted_and_a_refused_one_is_not()
    {
        await using var host = await RunningHost.StartAsync(takesWork: false);
        using var client = host.ClientWith(await host.AddKeyAsync("reader", scopes: [Scopes.Read]));
        using (await client.GetAsync("/v2/artworks")) { }
        using (await client.DeleteAsync($"/v2/artworks/{Guid.NewGuid()}")) { }
        var keys = host.Get<ApiKeyTable>();
        await Eventually.HoldsAsync(async () => await keys.AllAsync(CancellationToken.None)
            .AnyAsync(key => key.Id == "reader" && key.Uses > 0), "the use is stored");
        Assert.That((await keys.AllAsync(CancellationToken.None).SingleAsync(key => key.Id == "reader")).Uses,
            Is.EqualTo(1));
    }

    private ApiKeyTable Keys => _services.GetRequiredService<ApiKeyTable>();

    private KeyUsage Usage(ApiKeyTable keys) => ActivatorUtilities.CreateInstance<KeyUsage>(_services, keys);

    private async Task<ApiKey> StoredAsync() => await Keys.AllAsync(CancellationToken.None).SingleAsync();
}
