using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Azure.Data.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RemoveBg.Core.Store;
using RemoveBg.LocalHost;
using RemoveBg.LocalHost.Development;
using Spectre.Console;

namespace RemoveBg.Bench;

/// <summary>How fast jobs are taken, against what the same storage operations cost without us; and how many are finished a second.</summary>
internal sealed class LoadBench(string model, int requests)
{
    private const int Parallelism = 4;

    public async Task<int> Run(string? json, CancellationToken cancel)
    {
        await using var azurite = await Azurite.Start(Bench.Root, data: null, cancel);
        var secrets = DevelopmentSecrets.Create();

        // 1. Accepting alone, in turn with its floor, in rounds, so that both meet the same machine.
        var (posts, floors) = (new List<double>(), new List<double>());
        double acceptedPerSecond;
        await using (var app = await Start(azurite, secrets, takesWork: false, cancel))
        {
            using var client = Client(app, secrets);
            var storage = app.Services.GetRequiredService<StorageClients>();
            var body = Body("https://images.example.com/photo.jpg");
            await Each(50, () => Post(client, body, cancel));
            await Each(50, () => Floor(storage, cancel));
            var total = TimeSpan.Zero;
            for (var round = 0; round < 4; round++)
            {
                var start = Stopwatch.GetTimestamp();
                posts.AddRange(await Each(requests / 4, () => Post(client, body, cancel)));
                total += Stopwatch.GetElapsedTime(start);
                floors.AddRange(await Each(requests / 4, () => Floor(storage, cancel)));
            }
            acceptedPerSecond = posts.Count / total.TotalSeconds;
            await app.StopAsync(cancel);
        }

        // 2. Whole jobs, on storage of their own.
        await using var fresh = await Azurite.Start(Bench.Root, data: null, cancel);
        var jobsPerSecond = await Jobs(fresh, secrets, Math.Max(20, requests / 10), cancel);

        posts.Sort();
        floors.Sort();
        var figures = new
        {
            acceptedPerSecond, p50Ms = At(posts, 0.5), p99Ms = At(posts, 0.99), floorP50Ms = At(floors, 0.5), ratioP50 = At(posts, 0.5) / At(floors, 0.5), jobsPerSecond,
        };
        AnsiConsole.Write(new Table().AddColumns("accepted/s", "p50 ms", "p99 ms", "floor p50 ms", "ratio p50", "jobs/s").AddRow(
            $"{figures.acceptedPerSecond:0}", $"{figures.p50Ms:0.0}", $"{figures.p99Ms:0.0}", $"{figures.floorP50Ms:0.0}", $"{figures.ratioP50:0.00}", $"{figures.jobsPerSecond:0.0}"));
        AnsiConsole.WriteLine($"{posts.Count} requests, {Parallelism} at once, on Azurite; {Environment.ProcessorCount} cores");
        Bench.Write(json, figures);
        return 0;
    }

    /// <summary>What a submit stores, with nothing around it: the rate, the list's entry, the record with its mark, the message.</summary>
    private static async Task Floor(StorageClients storage, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7().ToString("N");
        await storage.Table("rates").UpsertEntityAsync(new TableEntity("floor", id) { ["ArrivalTime"] = TimeProvider.System.GetUtcNow() }, TableUpdateMode.Replace, cancel);
        await storage.Table("artworksbykey").UpsertEntityAsync(new TableEntity("floor", id) { ["Id"] = id }, TableUpdateMode.Replace, cancel);
        await storage.Table("artworks").SubmitTransactionAsync(
        [
            new(TableTransactionActionType.Add, new TableEntity("floor", "artwork_" + id) { ["KeyId"] = "floor", ["Status"] = "starting", ["ImageUrl"] = "https://images.example.com/photo.jpg" }),
            new(TableTransactionActionType.UpsertReplace, new TableEntity("floor", "due_" + id) { ["DueAt"] = TimeProvider.System.GetUtcNow() }),
        ], cancel);
        await storage.Queue("artworks").SendMessageAsync($$"""{"v":1,"id":"{{id}}","attempt":1}""", cancel);
    }

    private async Task<double> Jobs(Azurite azurite, DevelopmentSecrets secrets, int jobs, CancellationToken cancel)
    {
        var photo = "data:image/jpeg;base64," + Convert.ToBase64String(await File.ReadAllBytesAsync(Path.Combine(Bench.Root, "samples", "scene-toycar.jpg"), cancel));
        await using var app = await Start(azurite, secrets, takesWork: true, cancel);
        using var client = Client(app, secrets);
        client.DefaultRequestHeaders.Add("Prefer", "wait=60");
        var body = Body(photo);
        await Each(4, () => Post(client, body, cancel));
        var start = Stopwatch.GetTimestamp();
        await Each(jobs, () => Post(client, body, cancel));
        var perSecond = jobs / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await app.StopAsync(cancel);
        return perSecond;
    }

    private async Task<WebApplication> Start(Azurite azurite, DevelopmentSecrets secrets, bool takesWork, CancellationToken cancel)
    {
        var settings = new HostSettings { Root = Bench.Root, Port = 0, EnvironmentName = Environments.Development, TakesWork = takesWork, Model = model };
        var app = HostApp.Build(settings, azurite.ConnectionString, secrets, builder => builder.Logging.ClearProviders());
        await HostApp.StartAndWaitUntilReady(app, settings, secrets, cancel);
        return app;
    }

    private static HttpClient Client(WebApplication app, DevelopmentSecrets secrets)
    {
        var client = new HttpClient { BaseAddress = new(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secrets.ApiKey);
        return client;
    }

    private static byte[] Body(string imageUrl) => JsonSerializer.SerializeToUtf8Bytes(new { imageUrl });

    private static async Task Post(HttpClient client, byte[] body, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        using var response = await client.PostAsync(new Uri("/v2/artworks/remove-background", UriKind.Relative), content, cancel);
        response.EnsureSuccessStatusCode();
    }

    /// <returns>Milliseconds of each.</returns>
    private static async Task<IReadOnlyList<double>> Each(int count, Func<Task> once)
    {
        var times = new double[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, async (i, _) =>
        {
            var start = Stopwatch.GetTimestamp();
            await once();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        return times;
    }

    private static double At(List<double> sorted, double share) => sorted[(int)(share * (sorted.Count - 1))];
}
