using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Core.Telemetry;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Telemetry as an operator sees it, through OpenTelemetry's in-memory exporters.</summary>
[NonParallelizable] // It hears the telemetry of all hosts in the process.
public sealed class TelemetryTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    [Test]
    public async Task One_trace_leads_from_the_post_through_the_queue_to_the_webhook()
    {
        var spans = new List<Activity>();
        var tellsStrangers = false;
        await using var caller = await Caller.StartAsync();
        caller.OnDelivery = (_, request) =>
        {
            tellsStrangers = request.Request.Headers.ContainsKey("traceparent");
            return Task.CompletedTask;
        };
        await using (var host = await StartAsync(spans))
        {
            using var response = await host.SubmitAsync(new { imageUrl = caller.Serve(Repo.Sample("scene-mug.jpg")),
                webhook = caller.WebhookUrl }, ("traceparent", $"00-{TraceId}-b7ad6b7169203331-01"));
            Assert.That((int)response.StatusCode, Is.EqualTo(202));
            await caller.UntilDeliveredAsync(1);
        }

        Assert.That(tellsStrangers, Is.False);
        var ours = spans.Where(span => span.Source.Name == Tracing.SourceName && span.TraceId.ToHexString() == TraceId)
            .ToList();
        Assert.That(ours.Select(span => span.OperationName), Is.EquivalentTo(
            new[] { "submit artwork", "process artwork", "fetch", "cut out", "store", "deliver webhook" }));
        Assert.That(ours.Select(span => span.GetTagItem("removebg.artwork.id")).Distinct().Count(), Is.EqualTo(1));
        var cutOut = ours.Single(span => span.OperationName == "cut out");
        Assert.That(cutOut.GetTagItem("removebg.model"), Is.EqualTo("removebg"));
        Assert.That(cutOut.GetTagItem("removebg.step.infer"), Is.GreaterThan(0.0));
    }

    [Test]
    public async Task The_message_carries_traceparent_and_older_messages_are_still_read()
    {
        await using var host = await StartAsync([], takesWork: false);
        (await host.SubmitAsync(new { imageUrl = "https://images.example.com/a.jpg" },
            ("traceparent", $"00-{TraceId}-b7ad6b7169203331-01"))).Dispose();

        var queue = new QueueClient(host.ConnectionString, ArtworkQueues.Artworks,
            new() { MessageEncoding = QueueMessageEncoding.Base64 });
        using var message = JsonDocument.Parse((await queue.PeekMessageAsync()).Value.Body);
        Assert.That(message.RootElement.GetProperty("traceparent").GetString(), Does.StartWith($"00-{TraceId}-"));
        Assert.That(ArtworkMessage.TryParse($$"""{"v":1,"id":"{{Guid.NewGuid()}}","attempt":1}"""),
            Is.Not.Null.And.Property("TraceParent").Null);
    }

    [Test]
    public async Task Metrics_report_accepted_started_and_ended_artworks_and_the_time_of_each_step()
    {
        var metrics = new List<Metric>();
        await using var caller = await Caller.StartAsync();
        await using var host = await StartAsync([], metrics);
        using (var response = await host.SubmitAsync(new { imageUrl = caller.Serve(Repo.Sample("scene-mug.jpg")),
            webhook = caller.WebhookUrl })) Assert.That((int)response.StatusCode, Is.EqualTo(202));
        await caller.UntilDeliveredAsync(1);
        await host.Get<SweepArtworks>().SweepAsync(CancellationToken.None);
        host.Get<MeterProvider>().ForceFlush();

        var names = metrics.Select(metric => metric.Name).Distinct().ToList();
        Assert.That(names, Is.SupersetOf(new[]
        {
            "removebg.artworks.accepted", "removebg.artworks.started", "removebg.artworks.ended",
                "removebg.artworks.wait", "removebg.artworks.duration",
            "removebg.pipeline.step.duration", "removebg.queue.oldest", "removebg.webhook.attempts",
                "removebg.webhook.duration", "removebg.fetched", "removebg.results", "removebg.confidence",
        }));
        var steps = new List<(string? Step, string? Model, string? Provider)>();
        foreach (var point in metrics.Last(metric => metric.Name == "removebg.pipeline.step.duration")
            .GetMetricPoints())
        {
            var tags = new Dictionary<string, string?>();
            foreach (var tag in point.Tags) tags[tag.Key] = tag.Value?.ToString();
            steps.Add((tags["step"], tags["model"], tags["provider"]));
        }
        Assert.That(steps, Does.Contain(("encode", "removebg", "cpu")));
    }

    [TestCase("OTEL_EXPORTER_OTLP_ENDPOINT", "", "traces", "metrics", "logs")]
    [TestCase("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/v1/traces", "traces")]
    [TestCase("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "/v1/metrics", "metrics")]
    [TestCase("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "/v1/logs", "logs")]
    [TestCase("UNRELATED", "")]
    public async Task Telemetry_arrives_where_the_standard_variables_say_and_else_nowhere(
        string variable, string path, params string[] expected)
    {
        await using var collector = await OtlpCollector.StartAsync();
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager
        {
            [variable] = collector.Address + path, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        };
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging().AddMetrics();
        TelemetryExport.Add(services, configuration, Core.ServiceRole.All);
        using var source = new ActivitySource($"RemoveBg.Tests.{Guid.NewGuid()}");
        using var meter = new System.Diagnostics.Metrics.Meter(source.Name);
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource(source.Name));
        services.ConfigureOpenTelemetryMeterProvider(metering => metering.AddMeter(meter.Name));
        await using (var provider = services.BuildServiceProvider())
        {
            _ = (provider.GetService<TracerProvider>(), provider.GetService<MeterProvider>());
            source.StartActivity("one span")?.Dispose();
            meter.CreateCounter<int>("one.measurement").Add(1);
#pragma warning disable CA1848, CA2254 // One line, once.
            provider.GetRequiredService<ILoggerFactory>().CreateLogger("test").LogInformation("one line");
#pragma warning restore CA1848, CA2254
            provider.GetService<TracerProvider>()?.ForceFlush();
            provider.GetService<MeterProvider>()?.ForceFlush();
            provider.GetService<LoggerProvider>()?.ForceFlush();
        }
        foreach (var (signal, sent) in new[] { ("traces", "one span"), ("metrics", "one.measurement"),
            ("logs", "one line") })
            Assert.That(collector.Bodies(signal).Any(body => Encoding.Latin1.GetString(body).Contains(sent,
                StringComparison.Ordinal)), Is.EqualTo(expected.Contains(signal)), signal);
    }

    [TestCase("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "json",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL must be grpc or http/protobuf.")]
    [TestCase("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon",
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT must be in milliseconds.")]
    [TestCase("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL, like http://collector:4318/v1/traces.")]
    public void A_wrong_variable_of_one_signal_is_refused_by_its_name_and_what_is_accepted(string variable,
        string value, string message)
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", [variable] = value,
        };
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging();
        TelemetryExport.Add(services, configuration, Core.ServiceRole.All);
        using var provider = services.BuildServiceProvider();
        Assert.That(() => provider.GetService<TracerProvider>(),
            Throws.InvalidOperationException.With.Message.EqualTo(message));
    }

    [Test]
    public async Task The_protocol_and_the_timeout_of_one_signal_are_its_own()
    {
        await using var collector = await OtlpCollector.StartAsync();
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager
        {
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = $"{collector.Address}/v1/traces",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc", ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "1", ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"] = "60000",
        };
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging();
        TelemetryExport.Add(services, configuration, Core.ServiceRole.All);
        using var source = new ActivitySource($"RemoveBg.Tests.{Guid.NewGuid()}");
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource(source.Name));
        await using (var provider = services.BuildServiceProvider())
        {
            var traces = provider.GetRequiredService<TracerProvider>();
            source.StartActivity("one span")?.Dispose();
            traces.ForceFlush();
        }
        Assert.That(collector.Bodies("traces").Any(body => Encoding.Latin1.GetString(body).Contains("one span",
            StringComparison.Ordinal)), Is.True);
    }

    [Test]
    public void With_application_insights_all_telemetry_is_exported()
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager
        {
            ["APPLICATIONINSIGHTS_CONNECTION_STRING"] =
                "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:1/",
        };
        var services = new ServiceCollection().AddLogging();
        TelemetryExport.Add(services, configuration, Core.ServiceRole.All);
        using var provider = services.BuildServiceProvider();
        Assert.That(provider.GetService<TracerProvider>(), Is.Not.Null);
    }

    [Test]
    public void Telemetry_says_the_role_of_the_process()
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1",
        };
        var services = new ServiceCollection().AddLogging();
        TelemetryExport.Add(services, configuration, Core.ServiceRole.Worker);
        using var provider = services.BuildServiceProvider();
        Assert.That(provider.GetRequiredService<TracerProvider>().GetResource().Attributes,
            Does.Contain(new KeyValuePair<string, object>("removebg.role", "worker")));
    }

    /// <summary>The parent is a request whose caller, or whose host, does not sample it.</summary>
    [Test]
    public void Every_span_of_an_unsampled_trace_is_recorded_unless_sampling_is_set(
        [Values("OTEL_EXPORTER_OTLP_ENDPOINT", "APPLICATIONINSIGHTS_CONNECTION_STRING")] string variable,
        [Values(null, "parentbased_always_on")] string? sampler) =>
        Assert.That(Recorded(variable, sampler, null, ActivityTraceFlags.None), Is.All.EqualTo(sampler is null));

    [Test]
    public void A_standard_sampler_decides_wherever_telemetry_goes(
        [Values("OTEL_EXPORTER_OTLP_ENDPOINT", "APPLICATIONINSIGHTS_CONNECTION_STRING")] string variable)
    {
        Assert.Multiple(() =>
        {
            Assert.That(Of("parentbased_always_on"), Is.All.True);
            Assert.That(Of("parentbased_always_off"), Is.All.True);
            Assert.That(Of("parentbased_traceidratio", "0"), Is.All.True);
            Assert.That(Of("always_on"), Is.All.True);
            Assert.That(Of("always_off"), Is.All.False);
            Assert.That(Of("traceidratio", "0"), Is.All.False);
            Assert.That(Of("traceidratio", "1"), Is.All.True);
        });

        List<bool> Of(string sampler, string? argument = null) =>
            Recorded(variable, sampler, argument, ActivityTraceFlags.Recorded);
    }

    /// <returns>Whether each of twenty spans of a trace is recorded.</returns>
    private static List<bool> Recorded(string variable, string? sampler, string? argument, ActivityTraceFlags parent)
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager
        {
            [variable] = variable.StartsWith("OTEL", StringComparison.Ordinal) ? "http://127.0.0.1:1"
                : "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:1/",
            ["OTEL_TRACES_SAMPLER"] = sampler,
            ["OTEL_TRACES_SAMPLER_ARG"] = argument,
        };
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging();
        TelemetryExport.Add(services, configuration, Core.ServiceRole.All);
        // Listeners of other hosts in this process hear the service's own source, too.
        using var source = new ActivitySource($"RemoveBg.Tests.{Guid.NewGuid()}");
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource(source.Name));
        using var provider = services.BuildServiceProvider();
        _ = provider.GetRequiredService<TracerProvider>();

        var context = new ActivityContext(
            ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), parent, isRemote: true);
        return [.. Enumerable.Range(0, 20).Select(_ =>
        {
            using var span = source.StartActivity("process artwork", ActivityKind.Consumer, context);
            return span?.Recorded ?? false;
        })];
    }

    private static Task<RunningHost> StartAsync(List<Activity> spans, List<Metric>? metrics = null,
        bool takesWork = true) => RunningHost.StartAsync(
        new() { ["RemoveBg:Network:AllowLoopbackForDevelopment"] = "true" }, takesWork: takesWork,
        services: services => services.AddOpenTelemetry()
            .WithTracing(
                tracing => tracing.AddSource(Tracing.SourceName, Tracing.RequestsSourceName).AddInMemoryExporter(spans))
            .WithMetrics(metering =>
            {
                metering.AddMeter(ServiceMetrics.MeterName);
                if (metrics is not null) metering.AddInMemoryExporter(metrics);
            }));
}
