using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Manage;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost.Cli.Keys;
using Spectre.Console;

namespace RemoveBg.Tests.Given;

/// <summary>The operator's commands, with what they print.</summary>
internal sealed class KeyCommands : IDisposable
{
    public const string Who = "olga@console";
    private readonly StringWriter _said = new();
    private readonly IServiceProvider _services;

    public KeyCommands(IServiceProvider services)
    {
        _services = services;
        Admin = Answering("");
    }

    public KeyAdmin Admin { get; }

    /// <summary>The service's parts on the given storage, without a host.</summary>
    public static ServiceProvider Services(string storage, TimeProvider clock, string? globalSecrets = null,
        LogLines? log = null)
    {
        var services = new ServiceCollection()
            .AddLogging(logging =>
            {
                if (log is not null) logging.AddProvider(log);
            })
            .AddMetrics().AddRemoveBg(Settings(storage, globalSecrets));
        return services.AddSingleton(clock).BuildServiceProvider();
    }

    /// <summary>The settings of a service on the given storage.</summary>
    public static IConfigurationRoot Settings(string storage, string? globalSecrets = null) =>
        new ConfigurationBuilder().AddInMemoryCollection([new(StorageClients.ConnectionName, storage),
            new("RemoveBg:Webhook:Secrets", globalSecrets)]).Build();

    /// <summary>The commands, for an operator with this answer to each question.</summary>
    public KeyAdmin Answering(string answer) => Create(_said, new StringReader(answer));

    /// <summary>The commands, with other ends than a test's usual ones.</summary>
    public KeyAdmin Create(TextWriter output, TextReader input)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = 1000;
        return new(Get<ApiKeyTable>(), Get<WebhookSecretTable>(), Get<AuditTable>(), Get<EraseKeyData>(),
            Get<RateLimit>(), Get<TimeProvider>(), new(console, input, Who));
    }

    /// <returns>The key's value and webhook secret.</returns>
    public async Task<(string Value, string Secret)> AddAsync(string name, DateTimeOffset? expiresAt = null)
    {
        await Admin.AddAsync(new(name, Scopes.All, 6000, 1000, 8, expiresAt), CancellationToken.None);
        var said = Said();
        return (ValueIn(said), SecretIn(said));
    }

    public async Task<string> ListedAsync()
    {
        await Admin.ListAsync(CancellationToken.None);
        return Said();
    }

    /// <summary>Returns the output since the last call.</summary>
    public string Said()
    {
        var text = _said.ToString();
        _said.GetStringBuilder().Clear();
        return text;
    }

    public static string ValueIn(string text) => Regex.Match(text, "rbg_[A-Za-z0-9_-]+").Value;

    public static string SecretIn(string text) => Regex.Match(text, "whsec_[A-Za-z0-9+/=]+").Value;

    public void Dispose() => _said.Dispose();

    private T Get<T>() where T : notnull => _services.GetRequiredService<T>();
}
