using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Cli.Keys;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Access;

/// <summary>Key commands whose output or input fails: a value that was never shown must not replace one that
/// works.</summary>
public sealed class UnshownKeyTests
{
    private ServiceProvider _services = null!;
    private KeyCommands _keys = null!;
    private KeyAdmin _unheard = null!;

    [SetUp]
    public async Task Open()
    {
        var clock = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _services = KeyCommands.Services(Storage.NewAccount(), clock,
            WebhookSigner.GenerateSecret());
        await _services.GetRequiredService<WebhookSecrets>().PrepareAsync(CancellationToken.None);
        _keys = new(_services);
        _unheard = _keys.Create(new FullDisk(), TextReader.Null);
    }

    [TearDown]
    public async Task Close()
    {
        _keys.Dispose();
        await _services.DisposeAsync();
    }

    [Test]
    public async Task A_new_key_that_cannot_be_shown_is_deleted_again()
    {
        Refuses(() => _unheard.AddAsync(new("shop", Scopes.All, 60, 10, 8, null), CancellationToken.None));
        Assert.Multiple(async () =>
        {
            Assert.That(await KeysAsync(), Is.Empty);
            Assert.That(await SecretsAsync(), Is.Empty);
            Assert.That(await AuditAsync(), Does.Contain("│ add ").And.Contain("undone: it could not be shown"));
        });
    }

    [Test]
    public async Task A_rotation_that_cannot_be_shown_leaves_the_old_value_as_it_was()
    {
        await _keys.AddAsync("shop");
        var before = await KeysAsync();
        Refuses(() => _unheard.RotateAsync("shop", TimeSpan.Zero, null, CancellationToken.None));
        Assert.That((await KeysAsync()).Select(key => (Convert.ToHexString(key.Hash), key.ExpiresAt)),
            Is.EqualTo(before.Select(key => (Convert.ToHexString(key.Hash), key.ExpiresAt))));
    }

    [Test]
    public async Task A_webhook_secret_that_cannot_be_shown_leaves_the_old_one_as_it_was()
    {
        await _keys.AddAsync("shop");
        var before = await SecretsAsync();
        Refuses(() => _unheard.RotateSecretAsync("shop", TimeSpan.Zero, CancellationToken.None));
        Assert.That((await SecretsAsync()).Select(secret => secret with { ETag = default }),
            Is.EqualTo(before.Select(secret => secret with { ETag = default })));
    }

    [Test]
    public async Task Ctrl_c_ends_a_question_without_an_answer()
    {
        await _keys.AddAsync("shop");
        using var cancelling = new CancellationTokenSource();
        using var silent = new SilentReader();
        var erasing = _keys.Create(TextWriter.Null, silent).EraseAsync("shop", isConfirmed: false, cancelling.Token);
        await silent.Asked;
        await cancelling.CancelAsync();
        Assert.That(async () => await erasing, Throws.InstanceOf<OperationCanceledException>());
    }

    private static void Refuses(Func<Task> command) => Assert.That(command, Throws.TypeOf<UserException>()
        .With.Message.EqualTo("nothing was changed: standard output, which shows what cannot be shown again, cannot be "
            + "written: No space left on device."));

    private async Task<List<ApiKey>> KeysAsync() =>
        await _services.GetRequiredService<ApiKeyTable>().AllAsync(CancellationToken.None).ToListAsync();

    private async Task<List<SealedSecrets>> SecretsAsync() =>
        await _services.GetRequiredService<WebhookSecretTable>().AllAsync(CancellationToken.None).ToListAsync();

    private async Task<string> AuditAsync()
    {
        await _keys.Admin.AuditAsync(null, CancellationToken.None);
        return _keys.Said();
    }

    /// <summary>A file on a full disk.</summary>
    private sealed class FullDisk : StringWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw Full();

        public override void Write(string? value) => throw Full();

        private static IOException Full() => new("No space left on device : 'keys.txt'");
    }

    /// <summary>A silent terminal. Its reads cannot be cancelled.</summary>
    private sealed class SilentReader : TextReader
    {
        private readonly TaskCompletionSource _asked = new();
        private readonly ManualResetEventSlim _closed = new();

        public Task Asked => _asked.Task;

        public override ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
        {
            _asked.SetResult();
            _closed.Wait(CancellationToken.None);
            return new((string?)null);
        }

        protected override void Dispose(bool disposing)
        {
            _closed.Set();
            base.Dispose(disposing);
        }
    }
}
