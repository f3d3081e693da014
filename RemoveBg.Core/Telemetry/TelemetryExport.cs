using System.Globalization;
using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace RemoveBg.Core.Telemetry;

/// <summary>Exports traces, metrics and logs.</summary>
/// <remarks>To an OTLP collector if OpenTelemetry's standard variable <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> (or the one
/// for a single signal) is set, to Azure Monitor if <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c> is set, else
/// nowhere.</remarks>
public static class TelemetryExport
{
    /// <summary>Attribute of the resource: what the process does.</summary>
    public const string RoleAttribute = "removebg.role";

    private const string AzureMonitor = "APPLICATIONINSIGHTS_CONNECTION_STRING",
        AzureIdentity = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <summary>Whether this process exports its telemetry itself.</summary>
    public static bool IsOn(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration[AzureMonitor])
        || Otlp(configuration, "TRACES") || Otlp(configuration, "METRICS") || Otlp(configuration, "LOGS");

    internal static void Add(IServiceCollection services, IConfiguration configuration, ServiceRole role)
    {
        if (!IsOn(configuration)) return;
        var azure = configuration[AzureMonitor];
        bool traces = Otlp(configuration, "TRACES"), metrics = Otlp(configuration, "METRICS"),
            logs = Otlp(configuration, "LOGS");
        // Export every job's spans, whatever the caller or the host decided, unless the operator asks for sampling.
        var isSampled = !string.IsNullOrEmpty(configuration["OTEL_TRACES_SAMPLER"]);

        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(configuration["OTEL_SERVICE_NAME"] ?? "removebg")
                .AddAttributes([new(RoleAttribute, role.Name)]))
            .WithTracing(tracing =>
            {
                tracing.AddSource(Tracing.SourceName);
                if (!isSampled) tracing.SetSampler(new AlwaysOnSampler());
                if (traces) tracing.AddOtlpExporter(options => OfSignal(options, configuration, "TRACES"));
            })
            .WithMetrics(metering =>
            {
                metering.AddMeter(ServiceMetrics.MeterName);
                if (metrics) metering.AddOtlpExporter(options => OfSignal(options, configuration, "METRICS"));
            })
            .WithLogging(logging =>
            {
                if (logs) logging.AddOtlpExporter(options => OfSignal(options, configuration, "LOGS"));
            }, options => (options.IncludeFormattedMessage, options.IncludeScopes) = (true, false));
        if (!string.IsNullOrEmpty(azure))
            AddAzureMonitor(telemetry, azure, Credential(configuration[AzureIdentity]), isSampled,
                StandardSampler(configuration));
    }

    private static void AddAzureMonitor(
        OpenTelemetryBuilder telemetry, string connection, TokenCredential? credential, bool isSampled,
        Sampler? sampler)
    {
        telemetry.WithTracing(tracing =>
            {
                tracing.AddAzureMonitorTraceExporter(Configure, credential);
                // The exporter sets a sampler of its own, for which OpenTelemetry would ignore the variable.
                if (sampler is not null) tracing.SetSampler(sampler);
            })
            .WithMetrics(metering => metering.AddAzureMonitorMetricExporter(Configure, credential))
            .WithLogging(logging => logging.AddAzureMonitorLogExporter(Configure, credential));

        void Configure(AzureMonitorExporterOptions options)
        {
            options.ConnectionString = connection;
            if (isSampled) return;
            // By default, the exporter keeps five traces per second and drops the log lines of all others.
            options.TracesPerSecond = null;
            options.SamplingRatio = 1;
            options.EnableTraceBasedLogsSampler = false;
        }
    }

    /// <summary>The sampler that <c>OTEL_TRACES_SAMPLER</c> names (OpenTelemetry's "General SDK Configuration"). Null
    /// for any other name, such as the exporter's own <c>microsoft.rate_limited</c>.</summary>
    private static Sampler? StandardSampler(IConfiguration configuration)
    {
        return configuration["OTEL_TRACES_SAMPLER"]?.Trim().ToUpperInvariant() switch
        {
            "ALWAYS_ON" => new AlwaysOnSampler(),
            "ALWAYS_OFF" => new AlwaysOffSampler(),
            "TRACEIDRATIO" => new TraceIdRatioBasedSampler(Ratio()),
            "PARENTBASED_ALWAYS_ON" => new ParentBasedSampler(new AlwaysOnSampler()),
            "PARENTBASED_ALWAYS_OFF" => new ParentBasedSampler(new AlwaysOffSampler()),
            "PARENTBASED_TRACEIDRATIO" => new ParentBasedSampler(new TraceIdRatioBasedSampler(Ratio())),
            _ => null,
        };

        // As in the SDK: all of them unless it is a share.
        double Ratio() => double.TryParse(configuration["OTEL_TRACES_SAMPLER_ARG"], CultureInfo.InvariantCulture,
            out var ratio) && ratio is >= 0 and <= 1 ? ratio : 1;
    }

    /// <summary>Parses <c>Authorization=AAD</c>, with <c>ClientId=…</c> for a user-assigned identity, as the Functions
    /// host does.</summary>
    private static ManagedIdentityCredential? Credential(string? authentication)
    {
        var parts =
            (authentication ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2)).Where(part => part.Length == 2)
                .ToDictionary(part => part[0], part => part[1], StringComparer.OrdinalIgnoreCase);
        if (!parts.TryGetValue("Authorization", out var how) || how != "AAD") return null;
        return new(parts.TryGetValue("ClientId", out var client) ? ManagedIdentityId.FromUserAssignedClientId(client)
            : ManagedIdentityId.SystemAssigned);
    }

    /// <summary>Applies the variables for a single signal, which <c>AddOtlpExporter</c> does not read
    /// (OpenTelemetry's "OTLP Exporter Configuration").</summary>
    /// <exception cref="InvalidOperationException">One has a value that it must not have.</exception>
    private static void OfSignal(OtlpExporterOptions options, IConfiguration configuration, string signal)
    {
        if (Own("PROTOCOL") is { } protocol)
            options.Protocol = protocol.Value switch
            {
                "grpc" => OtlpExportProtocol.Grpc,
                "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
                _ => throw new InvalidOperationException($"{protocol.Name} must be grpc or http/protobuf."),
            };
        // As it is: only the variable for all signals gets a path.
        if (Own("ENDPOINT") is { } endpoint)
            options.Endpoint = Uri.TryCreate(endpoint.Value, UriKind.Absolute, out var address) ? address
                : throw new InvalidOperationException($"{endpoint.Name} must be a URL, like http://collector:4318/v1/"
                    + "traces.");
        if (Own("HEADERS") is { } headers) options.Headers = headers.Value;
        if (Own("TIMEOUT") is { } timeout)
            options.TimeoutMilliseconds =
                int.TryParse(timeout.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
                    ? milliseconds : throw new InvalidOperationException($"{timeout.Name} must be in milliseconds.");

        (string Name, string Value)? Own(string variable)
        {
            var name = $"OTEL_EXPORTER_OTLP_{signal}_{variable}";
            return configuration[name] is { Length: > 0 } value ? (name, value) : null;
        }
    }

    private static bool Otlp(IConfiguration configuration, string signal) =>
        !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])
            || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);
}
