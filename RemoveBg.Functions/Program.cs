using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RemoveBg.Core;
using RemoveBg.Functions.Http;

var builder = FunctionsApplication.CreateBuilder(args);

builder.ConfigureFunctionsWebApplication();
builder.Services.AddRemoveBg(builder.Configuration);
builder.Services.AddRemoveBgHttp();

builder.Build().Run();
