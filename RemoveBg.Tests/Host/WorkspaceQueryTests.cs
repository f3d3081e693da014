using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Telemetry;
using RemoveBg.Tests.Given;
using RemoveBg.Tests.Given.Worker;
using SkiaSharp;

namespace RemoveBg.Tests.Host;

/// <summary>The queries of alerts and workbook, parsed by Microsoft's parser and held against what the published worker
/// sends to Azure Monitor while each alert has its reason.</summary>
[NonParallelizable]
internal sealed class WorkspaceQueryTests
{
    private const string Submit = "/v2/artworks/remove-background";
    private IReadOnlyCollection<WorkspaceRow> _rows = null!;
    private IReadOnlyList<(string Name, bool IsAlert, KustoQuery Query)> _queries = null!;

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        var named = Alerts().Select(alert => (alert.Name, IsAlert: true, alert.Query))
            .Concat(Workbook().Select(item => (item.Name, IsAlert: false, item.Query))).ToList();
        var read = await KustoParser.ReadAsync(AzureMonitor.Schema, [.. named.Select(it => it.Query)]);
        _queries = [.. named.Zip(read, (it, query) => (it.Name, it.IsAlert, query))];
        _rows = await RowsAsync();
    }

    [Test]
    public void Every_query_is_found() =>
        Assert.That(_queries.Select(it => it.Name), Is.SupersetOf(new[] { "oldest-queued", "failure-rate",
            "webhook-given-up", "poison", "silent", "ended", "queue", "steps", "failures", "faults", "webhooks" }));

    [Test]
    public void The_parser_has_nothing_against_any_query() => Each(it =>
        Assert.That(it.Query.Diagnostics, Is.Empty, it.Name));

    [Test]
    public void A_query_that_is_wrong_is_noticed()
    {
        var read = KustoParser.ReadAsync(AzureMonitor.Schema, ["AppMetrics | where Naam == 'x'",
            "AppMetric | count", "AppMetrics | summarise count()", "AppMetrics | where Name == 'a' and "
            + "tostring(Properties.b) == 'c' | summarize v = max(Max)"]).GetAwaiter().GetResult();
        Assert.That(read.Take(3).Select(query => query.Diagnostics), Has.None.Empty);
        Assert.Multiple(() =>
        {
            Assert.That(read[3].Diagnostics, Is.Empty);
            Assert.That(read[3].Metrics, Is.EqualTo(new[] { "a" }));
            Assert.That(read[3].Keys, Is.EqualTo(new[] { "b" }));
            Assert.That(read[3].Values.Single(), Is.EqualTo(new[] { "b", "c" }));
            Assert.That(read[3].Columns, Contains.Key("v").WithValue("real"));
        });
    }

    [Test]
    public void Every_metric_of_a_query_was_sent() => Each(it =>
    {
        Assert.That(it.Query.Metrics, Is.Not.Empty, it.Name);
        foreach (var metric in it.Query.Metrics) Assert.That(Of(metric), Is.Not.Empty, $"{it.Name}: {metric}");
    });

    [Test]
    public void Every_property_of_a_query_is_a_text_of_each_row_of_its_metric() => Each(it =>
    {
        foreach (var key in it.Query.Keys)
            foreach (var row in Of(it.Query.Metrics.Single()))
                Assert.That(row.Properties.GetValueOrDefault(key).ValueKind, Is.EqualTo(JsonValueKind.String),
                    $"{it.Name}: {key} of {row.Name}");
    });

    /// <summary>The gauge's rows, for example, have no Max.</summary>
    [Test]
    public void Every_column_of_a_query_has_a_value_in_each_row_of_its_metric() => Each(it =>
    {
        foreach (var column in it.Query.Used.Intersect(["Sum", "Min", "Max", "ItemCount"]))
            foreach (var row in Of(it.Query.Metrics.Single()))
                Assert.That(row.Columns.GetValueOrDefault(column).ValueKind, Is.EqualTo(JsonValueKind.Number),
                    $"{it.Name}: {column} of {row.Name}");
    });

    [Test]
    public void Every_value_that_a_query_looks_for_was_sent() => Each(it =>
    {
        foreach (var value in it.Query.Values)
            Assert.That(Of(it.Query.Metrics.Single()).Where(row => row.Sum > 0 && row.Text(value[0]) == value[1]),
                Is.Not.Empty, $"{it.Name}: {value[0]} == {value[1]}");
    });

    /// <summary>The rules compare this column with their threshold.</summary>
    [Test]
    public void Every_alert_returns_one_number_named_value()
    {
        foreach (var (name, _, query) in _queries.Where(it => it.IsAlert))
        {
            Assert.That(query.Columns.Keys, Is.EqualTo(new[] { "value" }), name);
            Assert.That(query.Columns["value"], Is.AnyOf("real", "long", "int"), name);
        }
    }

    [Test]
    public void Each_alert_had_its_reason()
    {
        double Sum(string metric, string key, string value) =>
            Of(metric).Where(row => row.Text(key) == value).Sum(row => row.Sum);
        Assert.Multiple(() =>
        {
            Assert.That(Sum("removebg.faults", "fault", nameof(Fault.Poisoned)), Is.EqualTo(2));
            Assert.That(Sum("removebg.faults", "fault", nameof(Fault.WebhookGivenUp)), Is.EqualTo(1));
            Assert.That(Sum("removebg.artworks.ended", "code", ArtworkFailure.InternalError), Is.EqualTo(1));
            Assert.That(Sum("removebg.artworks.ended", "status", "succeeded"), Is.EqualTo(1));
            Assert.That(Of("removebg.queue.oldest").Max(row => row.Sum), Is.GreaterThan(0));
        });
    }

    /// <summary>The alert on silence counts rows. An exporter that repeated the last value would keep it quiet while no
    /// timer runs.</summary>
    [Test]
    public async Task Without_a_sweep_no_heartbeat_is_sent()
    {
        await using var monitor = await AzureMonitor.StartAsync();
        var configuration = new ConfigurationManager();
        foreach (var (name, value) in monitor.Environment) configuration[name] = value;
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging().AddMetrics()
            .AddSingleton<ServiceMetrics>();
        TelemetryExport.Add(services, configuration, Core.ServiceRole.All);
        await using var provider = services.BuildServiceProvider();
        var (export, metrics) = (provider.GetRequiredService<MeterProvider>(),
            provider.GetRequiredService<ServiceMetrics>());
        metrics.QueueOldest(TimeSpan.Zero);
        Assert.That(export.ForceFlush(), Is.True);
        metrics.Accepted();
        Assert.That(export.ForceFlush(), Is.True);
        Assert.That(monitor.Rows.Select(row => row.Name),
            Is.EqualTo(new[] { "removebg.queue.oldest", "removebg.artworks.accepted" }));
    }

    /// <summary>The columns that the other tests look at were filled from these tables, too.</summary>
    [Test]
    public void Spans_and_log_lines_arrive_with_the_artworks_id()
    {
        Assert.That(_rows.Where(row => row.Table is "AppDependencies" or "AppRequests")
            .Where(row => row.Properties.ContainsKey("removebg.artwork.id")).Select(row => row.Name),
            Is.SupersetOf(new[] { "process artwork", "cut out", "store" }));
        Assert.That(_rows.Where(row => row.Table == "AppTraces" && row.Properties.ContainsKey("ArtworkId")),
            Is.Not.Empty);
    }

    private void Each(Action<(string Name, bool IsAlert, KustoQuery Query)> check) =>
        Assert.Multiple(() => { foreach (var query in _queries) check(query); });

    private IReadOnlyList<WorkspaceRow> Of(string metric) =>
        [.. _rows.Where(row => row.Table == "AppMetrics" && row.Name == metric)];

    /// <summary>Runs one artwork of each kind that an alert or the workbook asks for.</summary>
    private static async Task<IReadOnlyCollection<WorkspaceRow>> RowsAsync()
    {
        await using var monitor = await AzureMonitor.StartAsync();
        await using var caller = await Caller.StartAsync();
        // Gone: the webhook is given up at once.
        caller.OnDelivery = (_, context) =>
        {
            context.Response.StatusCode = 410;
            return Task.CompletedTask;
        };
        var settings = monitor.Environment;
        settings["RemoveBg__Network__AllowLoopbackForDevelopment"] = "true";
        await using var worker = await RunningWorker.StartAsync(settings);

        var image = Photo();
        await SubmitAsync(new { imageUrl = image, webhook = caller.WebhookUrl });
        await worker.ForwardNextAsync("artworks", "ProcessArtwork");
        await worker.ForwardNextAsync("webhooks", "DeliverWebhook");

        // The sweeper looks at the message while it waits; then the host gives up on it twice.
        var id = await SubmitAsync(new { imageUrl = image });
        await Eventually.HoldsAsync(async () =>
        {
            Assert.That(await worker.Peer.InvokeTimerAsync("SweepArtworks"), Has.Property("IsSuccess").True);
            return await worker.HasMessageAsync("artworks");
        }, "a message waits while the sweeper looks");
        foreach (var attempt in new[] { 1, 2 })
            Assert.That(await worker.Peer.InvokeQueueAsync("FailPoisonedArtwork",
                $$"""{"v":1,"id":"{{id}}","attempt":{{attempt}}}"""), Has.Property("IsSuccess").True);

        Assert.That(await worker.Peer.TerminateAsync(TimeSpan.FromSeconds(10)), Is.Zero, worker.Peer.Output);
        return monitor.Rows;

        async Task<string> SubmitAsync(object body)
        {
            using var call = await worker.InvokeAsync("SubmitArtwork", HttpMethod.Post, Submit,
                JsonSerializer.Serialize(body));
            Assert.That(call.Response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            return (await call.Response.JsonAsync()).Text("id")!;
        }
    }

    /// <summary>The alerts of the compiled template.</summary>
    private static List<(string Name, string Query)> Alerts()
    {
        var template = BicepCli.Compile(Path.Combine(Repo.Root, "infra", "modules", "monitoring.bicep"));
        return [.. template.GetProperty("variables").GetProperty("alerts").EnumerateArray()
            .Select(alert => (alert.Text("name")!, alert.Text("query")!))];
    }

    private static List<(string Name, string Query)> Workbook()
    {
        using var workbook = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(Repo.Root, "infra", "workbook.json")));
        return [.. workbook.RootElement.GetProperty("items").EnumerateArray()
            .Where(item => item.GetProperty("type").GetInt32() == 3)
            .Select(item => (item.Text("name")!, item.GetProperty("content").Text("query")!))];
    }

    private static string Photo()
    {
        using var bitmap = new SKBitmap(8, 8);
        using var photo = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return $"data:image/png;base64,{Convert.ToBase64String(photo.ToArray())}";
    }
}
