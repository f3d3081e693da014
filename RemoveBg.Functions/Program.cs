using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RemoveBg.Core;
using RemoveBg.Core.Telemetry;
using RemoveBg.Functions.Http;

var builder = FunctionsApplication.CreateBuilder(args);

builder.ConfigureFunctionsWebApplication();
builder.Services.AddRemoveBg(builder.Configuration);
builder.Services.AddRemoveBgHttp();

// Several lines a request otherwise. The self-host has the same filter in its appsettings.json.
builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
// What the worker exports, the host does not export again.
if (TelemetryExport.IsOn(builder.Configuration)) builder.Services.AddOpenTelemetry().UseFunctionsWorkerDefaults();

builder.Build().Run();
