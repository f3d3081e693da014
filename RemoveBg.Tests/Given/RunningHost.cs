using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.SelfHost.Hosting.Development;

namespace RemoveBg.Tests.Given;

/// <summary>A SelfHost in this process, on a free port, with storage of its own: the whole app, nothing
/// replaced but what a test replaces.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningHost(WebApplication app, DevelopmentSecrets secrets, string storage)
    {
        (_app, Secrets, ConnectionString) = (app, secrets, storage);
        Client = new(new OpenApiCheck()) { BaseAddress = new(app.Urls.First()) };
        Client.DefaultRequestHeaders.Authorization = new("Bearer", secrets.ApiKey);
    }

    /// <summary>Sends the development key.</summary>
    public HttpClient Client { get; }

    public DevelopmentSecrets Secrets { get; }

    public string ConnectionString { get; }

    public IServiceProvider Services => _app.Services;

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    public static async Task<RunningHost> StartAsync(
        Dictionary<string, string?>? settings = null, Action<IServiceCollection>? services = null,
            bool takesWork = true, string? storage = null, ServiceRole? role = null)
    {
        var secrets = DevelopmentSecrets.Create();
        storage ??= Storage.NewAccount();
        var host = new HostSettings { Root = Repo.Root, Port = 0, EnvironmentName = Environments.Development,
            Model = "removebg", Role = role ?? (takesWork ? ServiceRole.All : ServiceRole.Web) };
        var app = HostApp.Build(host, storage, secrets, builder =>
        {
            builder.Configuration.AddInMemoryCollection(settings ?? []);
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(all => SharedNetworks.CacheFor(all));
            services?.Invoke(builder.Services);
        });
        await HostApp.StartAndWaitUntilReadyAsync(app, host, secrets, CancellationToken.None);
        // Also where the test, and not a pump, calls what needs it.
        if (role is null) await app.Services.GetRequiredService<ModelCache>().GetAsync(CancellationToken.None);
        return new(app, secrets, storage);
    }

    public Task<string> AddKeyAsync(
        string name, bool isEnabled = true, DateTimeOffset? expiresAt = null, IReadOnlyList<string>? scopes = null,
            int ratePerMinute = 6000, int burst = 1000,
        int concurrentJobs = ApiKey.DefaultConcurrentJobs)
    {
        var key = ApiKey.Generate();
        return Put();

        async Task<string> Put()
        {
            await Get<ApiKeyTable>().PutAsync(new(name, name, ApiKey.HashOf(key), isEnabled, expiresAt,
                scopes ?? Scopes.All, ratePerMinute, burst, concurrentJobs), CancellationToken.None);
            return key;
        }
    }

    public HttpClient ClientWith(string? key)
    {
        var client = new HttpClient(new OpenApiCheck()) { BaseAddress = Client.BaseAddress };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }

    public Task<HttpResponseMessage> SubmitAsync(object body, params (string Name, string Value)[] headers) =>
        SubmitAsync(body, client: null, headers);

    /// <param name="client">Null for the development key's.</param>
    public async Task<HttpResponseMessage> SubmitAsync(object body, HttpClient? client,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/artworks/remove-background")
        {
            Content =
                new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await (client ?? Client).SendAsync(request);
    }

    /// <summary>Submits and waits for the end.</summary>
    public async Task<JsonElement> CutOutAsync(string imageUrl, string? webhook = null, string format = "auto")
    {
        using var response = await SubmitAsync(new { imageUrl, webhook, outputFormat = format });
        var accepted = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(202), accepted.ToString());
        return await UntilEndedAsync(accepted.GetProperty("id").GetString()!);
    }

    public async Task<JsonElement> ReadAsync(string id)
    {
        using var response = await Client.GetAsync($"/v2/artworks/{id}");
        return await response.JsonAsync();
    }

    public async Task<JsonElement> UntilEndedAsync(string id)
    {
        var artwork = await ReadAsync(id);
        await Eventually.HoldsAsync(async () => (artwork = await ReadAsync(id)).Text("status") is "succeeded"
            or "failed" or "canceled", $"artwork {id} ends");
        return artwork;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
