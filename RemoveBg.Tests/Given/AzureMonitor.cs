using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace RemoveBg.Tests.Given;

/// <summary>A row of a workspace's table.</summary>
/// <param name="Table">Such as AppMetrics.</param>
/// <param name="Columns">Those that the item had a value for.</param>
/// <param name="Properties">The column of that name: keys with texts.</param>
internal sealed record WorkspaceRow(string Table, IReadOnlyDictionary<string, JsonElement> Columns,
    IReadOnlyDictionary<string, JsonElement> Properties)
{
    public string? Name => Columns.TryGetValue("Name", out var name) ? name.GetString() : null;

    public double Sum => Columns["Sum"].GetDouble();

    /// <returns>A property's text; null if the row has none.</returns>
    public string? Text(string key) => Properties.TryGetValue(key, out var value) ? value.ToString() : null;
}

/// <summary>Azure Monitor's ingestion on loopback: takes what the exporter sends, and makes it rows of a workspace, as
/// Microsoft documents the tables (https://learn.microsoft.com/azure/azure-monitor/reference/tables/appmetrics) and
/// their origin (https://learn.microsoft.com/azure/azure-monitor/app/convert-classic-resource).</summary>
internal sealed class AzureMonitor : IAsyncDisposable
{
    private static readonly Dictionary<string, string> TableOf = new()
    {
        ["MetricData"] = "AppMetrics", ["MessageData"] = "AppTraces", ["RemoteDependencyData"] = "AppDependencies",
        ["RequestData"] = "AppRequests", ["ExceptionData"] = "AppExceptions",
    };

    private readonly WebApplication _server;
    private readonly ConcurrentQueue<WorkspaceRow> _rows = [];

    private AzureMonitor()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(TakeAsync);
    }

    /// <summary>The columns of each table that a query may use, with Kusto's types.</summary>
    public static IReadOnlyDictionary<string, string> Schema { get; } = new Dictionary<string, string>
    {
        ["AppMetrics"] = "(TimeGenerated: datetime, Name: string, Sum: real, Min: real, Max: real, ItemCount: int, "
            + "Properties: dynamic, OperationId: string, AppRoleName: string, AppRoleInstance: string)",
        ["AppTraces"] = "(TimeGenerated: datetime, Message: string, SeverityLevel: int, Properties: dynamic, "
            + "OperationId: string, AppRoleName: string, AppRoleInstance: string)",
        ["AppDependencies"] = "(TimeGenerated: datetime, Name: string, DurationMs: real, Success: bool, "
            + "ResultCode: string, Properties: dynamic, OperationId: string, AppRoleName: string)",
        ["AppRequests"] = "(TimeGenerated: datetime, Name: string, DurationMs: real, Success: bool, "
            + "ResultCode: string, Properties: dynamic, OperationId: string, AppRoleName: string)",
        ["AppExceptions"] = "(TimeGenerated: datetime, ExceptionType: string, OuterMessage: string, "
            + "Properties: dynamic, OperationId: string, AppRoleName: string)",
    };

    public IReadOnlyCollection<WorkspaceRow> Rows => _rows;

    /// <summary>Settings that send a program's telemetry here, as the template's setting does.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["APPLICATIONINSIGHTS_CONNECTION_STRING"] =
            $"InstrumentationKey={Guid.Empty};IngestionEndpoint={_server.Urls.First()}/",
        // The exporter's report on itself, to Microsoft.
        ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED"] = "true",
    };

    public static async Task<AzureMonitor> StartAsync()
    {
        var monitor = new AzureMonitor();
        await monitor._server.StartAsync();
        return monitor;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var body = context.Request.Headers.ContentEncoding == "gzip"
            ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        using var reader = new StreamReader(body);
        var items = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var item in items) Take(JsonElement.Parse(item));
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(
            $$"""{"itemsReceived":{{items.Length}},"itemsAccepted":{{items.Length}},"errors":[]}""");
    }

    private void Take(JsonElement item)
    {
        var data = item.GetProperty("data");
        if (!TableOf.TryGetValue(data.Text("baseType")!, out var table)) return;
        var content = data.GetProperty("baseData");
        var properties = content.TryGetProperty("properties", out var given)
            ? given.EnumerateObject().ToDictionary(property => property.Name, property => property.Value) : [];
        if (table != "AppMetrics")
        {
            var name = content.TryGetProperty("name", out var found) ? found : default;
            _rows.Enqueue(new(table, new Dictionary<string, JsonElement> { ["Name"] = name }, properties));
            return;
        }
        foreach (var metric in content.GetProperty("metrics").EnumerateArray())
        {
            var columns = new Dictionary<string, JsonElement>();
            foreach (var (column, property) in new[] { ("Name", "name"), ("Sum", "value"), ("Min", "min"),
                ("Max", "max"), ("ItemCount", "count") })
                if (metric.TryGetProperty(property, out var value) && value.ValueKind != JsonValueKind.Null)
                    columns[column] = value;
            _rows.Enqueue(new(table, columns, properties));
        }
    }
}
