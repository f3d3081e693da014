using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.SelfHost.Hosting.Development;

namespace RemoveBg.Bench.Load;

/// <summary>A SelfHost with its own Azurite, for load tests.</summary>
internal sealed class LoadHost : IAsyncDisposable
{
    private readonly Azurite _azurite;
    private readonly WebApplication _app;

    private LoadHost(Azurite azurite, WebApplication app) => (_azurite, _app) = (azurite, app);

    public static async Task<LoadHost> StartAsync(string model, bool takesWork, CancellationToken cancellationToken)
    {
        var azurite = await Azurite.StartAsync(Bench.Root, data: null, cancellationToken);
        var settings = new HostSettings { Root = Bench.Root, Port = 0, EnvironmentName = Environments.Development,
            Role = takesWork ? ServiceRole.All : ServiceRole.Web, Model = model };
        var secrets = DevelopmentSecrets.Create();
        var app =
            HostApp.Build(settings, azurite.ConnectionString, secrets, builder => builder.Logging.ClearProviders());
        await HostApp.StartAndWaitUntilReadyAsync(app, settings, secrets, cancellationToken);
        return new(azurite, app);
    }

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>Starts counting; the count completes after this number of artworks has finished.</summary>
    public FinishedCount CountFinished(int artworks) => new(Get<IMeterFactory>(), artworks);

    /// <summary>Creates a client with its own API key.</summary>
    /// <param name="wait">True if each POST waits until the artwork has finished.</param>
    /// <param name="concurrentJobs">Number of permits of the caller's key.</param>
    public async Task<HttpClient> CallerAsync(bool wait, int concurrentJobs, CancellationToken cancellationToken)
    {
        var key = ApiKey.Generate();
        var name = $"caller{Guid.NewGuid():N}";
        await Get<ApiKeyTable>().PutAsync(new(name, name, ApiKey.HashOf(key), IsEnabled: true, null, Scopes.All,
            1_000_000, 100_000, concurrentJobs), cancellationToken);
        var client = new HttpClient { BaseAddress = new(_app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (wait) client.DefaultRequestHeaders.Add("Prefer", "wait=60");
        return client;
    }

    public static byte[] Body(string imageUrl) => JsonSerializer.SerializeToUtf8Bytes(new { imageUrl });

    public static async Task PostAsync(HttpClient client, byte[] body, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        using var response = await client.PostAsync(new Uri("/v2/artworks/remove-background", UriKind.Relative),
            content, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Runs an operation repeatedly.</summary>
    /// <param name="count">Number of runs in all.</param>
    /// <param name="atOnce">Number of runs at once.</param>
    /// <returns>Duration of each run, in milliseconds.</returns>
    public static async Task<IReadOnlyList<double>> EachAsync(int count, int atOnce, Func<Task> once)
    {
        var times = new double[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = atOnce },
            async (i, _) =>
        {
            var start = Stopwatch.GetTimestamp();
            await once();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        return times;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _azurite.DisposeAsync();
    }
}
