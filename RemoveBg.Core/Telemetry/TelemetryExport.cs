using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace RemoveBg.Core.Telemetry;

/// <summary>
/// Where traces, metrics and logs go: to an OTLP collector when OpenTelemetry's standard variable
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> (or its twins for one signal) is set, to Azure Monitor when
/// <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c> is, and else nowhere.
/// </summary>
internal static class TelemetryExport
{
    private const string AzureMonitor = "APPLICATIONINSIGHTS_CONNECTION_STRING",
        AzureIdentity = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        var azure = configuration[AzureMonitor];
        bool traces = Otlp(configuration, "TRACES"), metrics = Otlp(configuration, "METRICS"),
            logs = Otlp(configuration, "LOGS");
        if (string.IsNullOrEmpty(azure) && !traces && !metrics && !logs) return;

        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(configuration["OTEL_SERVICE_NAME"] ?? "removebg"))
            .WithTracing(tracing =>
            {
                tracing.AddSource(Tracing.SourceName, Tracing.RequestsSourceName, Tracing.FunctionsSourceName);
                if (traces) tracing.AddOtlpExporter();
            })
            .WithMetrics(metering =>
            {
                metering.AddMeter(ServiceMetrics.MeterName);
                if (metrics) metering.AddOtlpExporter();
            })
            .WithLogging(logging =>
            {
                if (logs) logging.AddOtlpExporter();
            }, options => (options.IncludeFormattedMessage, options.IncludeScopes) = (true, false));
        if (!string.IsNullOrEmpty(azure)) AddAzureMonitor(telemetry, azure, Credential(configuration[AzureIdentity]));
    }

    private static void AddAzureMonitor(OpenTelemetryBuilder telemetry, string connection,
        TokenCredential? credential) => telemetry
        .WithTracing(tracing =>
            tracing.AddAzureMonitorTraceExporter(options => options.ConnectionString = connection, credential))
        .WithMetrics(metering =>
            metering.AddAzureMonitorMetricExporter(options => options.ConnectionString = connection, credential))
        .WithLogging(logging =>
            logging.AddAzureMonitorLogExporter(options => options.ConnectionString = connection, credential));

    /// <summary><c>Authorization=AAD</c>, with <c>ClientId=…</c> for a user-assigned identity: what
    /// the Functions host reads too.</summary>
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

    private static bool Otlp(IConfiguration configuration, string signal) =>
        !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])
            || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);
}
