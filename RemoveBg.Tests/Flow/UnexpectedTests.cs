using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Functions.Http;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Failures without an error code of their own: a network that cannot be loaded, a host that stops during a
/// call, poisoned messages.</summary>
public sealed class UnexpectedTests : HandRunTests
{
    [Test]
    public async Task A_network_that_cannot_be_loaded_costs_all_attempts_and_fails_the_artwork()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(Path.Combine(Repo.Root, "models")))
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "u2netp.onnx"), "no network");
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Model:Folders"] = folder.Path },
            services => services.AddSingleton<TimeProvider>(Clock), takesWork: false, storage: Host.ConnectionString);
        using var submitted = await host.SubmitAsync(new { imageUrl = Photo, model = "u2netp" });
        var accepted = await submitted.JsonAsync();
        Assert.That((int)submitted.StatusCode, Is.EqualTo(202), accepted.ToString());
        var id = accepted.Text("id")!;
        var process = host.Get<Core.Process.ProcessArtwork>();
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            await process.ProcessAsync(Message(id, attempt), CancellationToken.None);
            var waiting = await FindAsync(id);
            Assert.That((waiting.Status, waiting.Attempt, waiting.HandBacks),
                Is.EqualTo((ArtworkStatus.Processing, attempt, 0)));
        }
        await process.ProcessAsync(Message(id, 3), CancellationToken.None);
        var failed = await FindAsync(id);
        Assert.That((failed.Status, failed.Failure), Is.EqualTo((ArtworkStatus.Failed,
            new ArtworkFailure(ArtworkFailure.InternalError, "The image could not be processed."))));
    }

    [Test]
    public async Task A_call_that_a_stopping_host_cancels_gets_500_and_when_to_try_again()
    {
        using var stopping = new CancellationTokenSource();
        var context = new DefaultHttpContext { RequestServices = Host.Services };
        context.Request.Headers.Authorization = $"Bearer {Host.Secrets.ApiKey}";
        context.Response.Body = new MemoryStream();
        var result = await Host.Get<ApiEndpoint>().AnswerAsync(context.Request, Scopes.Read, async (_, either) =>
        {
            await stopping.CancelAsync();
            either.ThrowIfCancellationRequested();
            return Results.Ok();
        }, stopping.Token);
        await result.ExecuteAsync(context);
        context.Response.Body.Position = 0;
        var body = await new StreamReader(context.Response.Body).ReadToEndAsync();
        Assert.That((context.Response.StatusCode, context.Response.Headers.RetryAfter.ToString()),
            Is.EqualTo((500, "5")));
        Assert.That(body, Does.Contain("The service is stopping. Try again."));
    }

    [Test]
    public async Task The_host_runs_the_messages_of_its_poison_queues()
    {
        var lost = await SubmitAsync(Photo);
        var unsent = await SubmitAsync(Photo);
        await ProcessAsync(unsent, 1);
        foreach (var queue in new[] { ArtworkQueues.Artworks, ArtworkQueues.Webhooks })
            await Queue(queue).ClearMessagesAsync();
        await Queue(ArtworkQueues.Artworks + ArtworkQueues.PoisonSuffix).SendMessageAsync(Message(lost, 1));
        await Queue(ArtworkQueues.Webhooks + ArtworkQueues.PoisonSuffix).SendMessageAsync(Message(unsent, 1));
        await using var worker = await RunningHost.StartAsync(storage: Host.ConnectionString);
        Assert.That((await worker.UntilEndedAsync(lost)).Text("status"), Is.EqualTo("succeeded"));
        await Eventually.HoldsAsync(async () => (await FindAsync(unsent)).Delivery.Attempts == 1,
            "the webhook's attempt is counted as failed");
        Assert.That((await FindAsync(unsent)).Delivery.Status, Is.EqualTo(WebhookStatus.Pending));
    }
}
