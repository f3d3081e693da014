using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Cli.Keys;
using Spectre.Console;

namespace RemoveBg.Tests.Access;

/// <summary>The operator's commands and the check that callers meet, on one real table.</summary>
public sealed class KeyAdminTests
{
    private readonly FakeTimeProvider _clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private StringWriter _said = null!;
    private KeyAdmin _admin = null!;
    private Authenticate _authenticate = null!;

    [SetUp]
    public async Task Open()
    {
        var storage = new StorageClients(new ConfigurationBuilder()
            .AddInMemoryCollection([new(StorageClients.ConnectionName, Storage.NewAccount())]).Build());
        await storage.Table("keys").CreateAsync();
        var keys = new ApiKeyTable(storage, _clock);
        _said = new StringWriter();
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(_said), Ansi = AnsiSupport.No });
        console.Profile.Width = 1000;
        _admin = new(keys, _clock, console);
        _authenticate = new(keys, _clock);
    }

    [TearDown]
    public void Close() => _said.Dispose();

    [Test]
    public async Task A_new_key_is_printed_once_and_works()
    {
        var secret = await AddAsync("shop");
        Assert.That((await CheckAsync(secret)).Name, Is.EqualTo("shop"));
        await _admin.ListAsync(CancellationToken.None);
        Assert.That(Said(), Does.Contain("shop").And.Contain("enabled").And.Not.Contain(secret));
    }

    [Test]
    public async Task A_disabled_key_gets_403_within_seconds_and_can_be_enabled_again()
    {
        var secret = await AddAsync("shop");
        await CheckAsync(secret);
        await _admin.SetEnabledAsync("shop", isEnabled: false, CancellationToken.None);
        _clock.Advance(ApiKeyTable.CacheTime);
        Assert.That(() => CheckAsync(secret), Throws.TypeOf<ApiException>().With.Property("StatusCode").EqualTo(403));
        await _admin.SetEnabledAsync("shop", isEnabled: true, CancellationToken.None);
        _clock.Advance(ApiKeyTable.CacheTime);
        Assert.That(() => CheckAsync(secret), Throws.Nothing);
    }

    [Test]
    public async Task A_rotated_key_has_two_secrets_and_then_one_and_stays_the_same_owner()
    {
        var first = await AddAsync("shop");
        await _admin.RotateAsync("shop", TimeSpan.FromHours(1), CancellationToken.None);
        var second = Secret();
        Assert.That((await CheckAsync(second)).Id, Is.EqualTo((await CheckAsync(first)).Id));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.That(() => CheckAsync(first), Throws.TypeOf<ApiException>().With.Message.Contains("expired"));
        Assert.That(() => CheckAsync(second), Throws.Nothing);
    }

    [Test]
    public async Task An_ambiguous_key_name_is_an_error_that_lists_the_ids()
    {
        await AddAsync("twin");
        await AddAsync("twin");
        Assert.That(() => _admin.SetEnabledAsync("nobody", false, CancellationToken.None),
            Throws.TypeOf<UserException>().With.Message.Contains("./run keys list"));
        Assert.That(() => _admin.SetEnabledAsync("twin", false, CancellationToken.None),
            Throws.TypeOf<UserException>().With.Message.Contains("use the id"));
    }

    private async Task<string> AddAsync(string name)
    {
        await _admin.AddAsync(new(name, Scopes.All, 60, 10, 8, null), CancellationToken.None);
        return Secret();
    }

    private string Secret() => System.Text.RegularExpressions.Regex.Match(Said(), "rbg_[A-Za-z0-9_-]+").Value;

    /// <summary>Returns the output since the last call.</summary>
    private string Said()
    {
        var text = _said.ToString();
        _said.GetStringBuilder().Clear();
        return text;
    }

    private Task<ApiKey> CheckAsync(string secret) =>
        _authenticate.CheckAsync($"Bearer {secret}", null, Scopes.Write, CancellationToken.None);
}
