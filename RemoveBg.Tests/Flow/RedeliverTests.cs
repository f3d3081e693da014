using RemoveBg.Core.Notify;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Moments at which a webhook cannot be sent again.</summary>
public sealed class RedeliverTests : HandRunTests
{
    [Test]
    public async Task A_webhook_of_an_artwork_that_has_not_ended_is_not_sent_again() => await AssertRefusedAsync(
        await SubmitAsync(Photo), "The artwork has not ended; its webhook will be sent when it has.");

    [Test]
    public async Task A_webhook_whose_attempt_is_running_is_not_sent_again_before_that_has_ended()
    {
        var id = await SubmitAsync(Photo);
        await ProcessAsync(id, 1);
        var answer = new TaskCompletionSource();
        Caller.OnDelivery = (_, _) => answer.Task;
        var sending = DeliverAsync(id, 1);
        await Eventually.HoldsAsync(() => Caller.Deliveries.Count == 1, "the receiver has the webhook");
        await AssertRefusedAsync(id, "A delivery attempt is running. Check webhook-deliveries and try again.");
        answer.SetResult();
        await sending;
        Assert.That((await FindAsync(id)).Delivery.Status, Is.EqualTo(Core.Artworks.WebhookStatus.Delivered));

        Caller.OnDelivery = null;
        using var again = await RedeliverAsync(id);
        Assert.That((int)again.StatusCode, Is.EqualTo(202), await again.Content.ReadAsStringAsync());
    }

    private async Task AssertRefusedAsync(string id, string message)
    {
        using var response = await RedeliverAsync(id);
        await Errors.AssertShapeAsync(response, 400, "Bad Request");
        Assert.That((await response.JsonAsync()).Text("message"), Is.EqualTo(message));
    }

    private Task<HttpResponseMessage> RedeliverAsync(string id) =>
        Host.Client.PostAsync($"/v2/artworks/{id}/webhook-deliveries/redeliver", null);
}
