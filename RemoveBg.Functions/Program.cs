using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RemoveBg.Core;
using RemoveBg.Core.Network;
using RemoveBg.Core.Telemetry;
using RemoveBg.Functions.Http;

EnvironmentProxy.UseByDefault();

var builder = FunctionsApplication.CreateBuilder(args);

builder.ConfigureFunctionsWebApplication();
builder.Services.AddRemoveBg(builder.Configuration);
builder.Services.AddRemoveBgHttp();

// Otherwise each request logs several lines. The self-host has the same filter in its appsettings.json.
builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
// Keeps the host from exporting what the worker exports.
if (TelemetryExport.IsOn(builder.Configuration)) builder.Services.AddOpenTelemetry().UseFunctionsWorkerDefaults();

builder.Build().Run();
