using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using RemoveBg.Core;
using RemoveBg.Core.Segmentation;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions;

/// <summary>The checks that every process answers, whatever its role.</summary>
public sealed class HealthHttp(StorageSetup storage, ModelCache model, DiskSpace disk, ServiceRole role,
    ILogger<HealthHttp> log)
{
    [Function("Alive")]
    public IResult Alive([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head",
        Route = "healthz")] HttpRequest request) =>
        Results.Text("""{"status":"alive"}""", "application/json");

    [Function("Ready")]
    public async Task<IResult> Ready([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head",
        Route = "readyz")] HttpRequest request, CancellationToken cancellationToken)
    {
        if (role.NeedsModel && !model.IsReady)
            return Answers.Error(StatusCodes.Status503ServiceUnavailable, "The model is not loaded.");
        if (disk.Problem() is { } full)
        {
            log.DiskNotReady(full);
            return Answers.Error(StatusCodes.Status503ServiceUnavailable, full);
        }
        try
        {
            await storage.CheckAsync(cancellationToken);
            if (!role.NeedsModel) return Results.Json(new { status = "ready", role = role.Name });
            var segmenter = await model.GetAsync(cancellationToken);
            return Results.Json(new { status = "ready", role = role.Name, model = segmenter.Model.Entry.Name,
                provider = segmenter.Provider });
        }
        catch (Exception problem) when (StorageFailure.Is(problem, cancellationToken))
        {
            log.NotReady(problem.GetType().Name);
            return Answers.Error(StatusCodes.Status503ServiceUnavailable, "Storage does not respond.");
        }
    }
}
