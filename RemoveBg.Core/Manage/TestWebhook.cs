using System.Diagnostics;
using RemoveBg.Core.Access;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;

namespace RemoveBg.Core.Manage;

/// <summary>Sends a sample to a caller's webhook, signed like every other, and reports what came back.</summary>
public sealed class TestWebhook(WebhookSender sender, WebhookSecrets secrets, TimeProvider clock)
{
    /// <summary>Most bytes of the receiver's response that are reported.</summary>
    private const int MostShown = 1000;

    /// <summary>Makes one attempt; it is neither stored nor repeated.</summary>
    /// <param name="key">The caller's API key; its secret signs.</param>
    /// <param name="webhook">Address of the receiver, checked by <see cref="Submit.SubmitRequestParser"/>.</param>
    /// <param name="cancellationToken">Cancelled when the caller leaves.</param>
    /// <exception cref="ApiException">500: the key's secret cannot be read.</exception>
    public async Task<WebhookTestView> SendAsync(ApiKey key, string webhook, CancellationToken cancellationToken)
    {
        var signingKeys = await secrets.FindAsync(key.Id, cancellationToken)
            ?? throw new ApiException(500, "The key's webhook secret cannot be read. Rotate it.");
        var sample = Sample(webhook);
        var webhookId = $"test_{sample.Id:N}";
        var start = Stopwatch.GetTimestamp();
        var outcome = await sender.SendAsync(webhook, webhookId, sample.ToJson(), signingKeys, cancellationToken,
            MostShown);
        return new(webhookId, outcome.Outcome, outcome.StatusCode, Stopwatch.GetElapsedTime(start).WireSeconds(),
            outcome.Text, sample);
    }

    private ArtworkView Sample(string webhook) => new(Guid.CreateVersion7(clock.GetUtcNow()), "remove_background",
        new() { ImageUrl = "https://images.example.com/photo.jpg", Webhook = webhook,
            OutputFormat = OutputFormat.Auto.Word() },
        Duration: 0.731m, ["https://storage.example.com/results/sample.webp"], ArtworkStatus.Succeeded.Word(),
        clock.GetUtcNow().Wire(), Error: null);
}
