using System.Net;
using RemoveBg.Core.Notify;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>A sample webhook on request.</summary>
public sealed class WebhookTestTests
{
    private RunningHost _host = null!;
    private Caller _receiver = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _receiver = await Caller.StartAsync();
        _host = await RunningHost.StartAsync(takesWork: false);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _host.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Test]
    public async Task A_sample_arrives_signed_like_every_other_webhook()
    {
        using var response = await PostAsync($$"""{"webhook":"{{_receiver.WebhookUrl}}"}""");
        var report = await response.JsonAsync();
        var delivery = _receiver.Deliveries.Single();
        Assert.Multiple(() =>
        {
            Assert.That(report.Text("outcome"), Is.EqualTo(DeliveryOutcome.Delivered), report.ToString());
            Assert.That(report.GetProperty("statusCode").GetInt32(), Is.InRange(200, 299));
            Assert.That(report.Text("webhookId"), Is.EqualTo(delivery.Id));
            Assert.That(delivery.Text, Does.Contain(report.GetProperty("sent").Text("id")));
            Assert.That(delivery.IsSignedWith(_host.Secrets.WebhookSecret), Is.True);
        });
    }

    [Test]
    public async Task What_the_receiver_says_is_shown_up_to_a_thousand_bytes()
    {
        var url = _receiver.ServePage("/strict", context =>
        {
            context.Response.StatusCode = 401;
            return context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(
                "wrong signature" + new string('x', 5000))).AsTask();
        });
        using var response = await PostAsync($$"""{"webhook":"{{url}}"}""");
        var report = await response.JsonAsync();
        Assert.That((report.Text("outcome"), report.GetProperty("statusCode").GetInt32()),
            Is.EqualTo((DeliveryOutcome.Failed, 401)));
        Assert.That(report.Text("response"), Has.Length.EqualTo(1000).And.StartsWith("wrong signature"));
    }

    [Test]
    public async Task A_receiver_that_cannot_be_reached_is_reported_without_details()
    {
        using var response = await PostAsync("""{"webhook":"http://127.0.0.1:1/hook"}""");
        var report = await response.JsonAsync();
        Assert.That(report.Text("outcome"), Is.EqualTo(DeliveryOutcome.Unreachable));
        Assert.That(report.GetProperty("statusCode").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
    }

    [TestCase("""{"webhook":"https://10.0.0.1/hook"}""", "webhook must name a publicly routable host")]
    [TestCase("""{"webhook":"http://api.example.com/hook"}""", "webhook must use https")]
    [TestCase("""{"webhook":7}""", "webhook must be a string")]
    [TestCase("""{"webhook":null}""", "an object with one field webhook")]
    [TestCase("""{"hook":"https://api.example.com"}""", "an object with one field webhook")]
    [TestCase("[]", "an object with one field webhook")]
    public async Task A_wrong_body_gets_400(string body, string message)
    {
        using var response = await PostAsync(body);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That((await response.JsonAsync()).Text("message"), Does.Contain(message));
    }

    [Test]
    public async Task A_test_counts_as_a_submission()
    {
        using var client = new HttpClient { BaseAddress = _host.Client.BaseAddress,
            DefaultRequestHeaders = { Authorization = new("Bearer",
                await _host.AddKeyAsync("tester", ratePerMinute: 1, burst: 1)) } };
        using var first = await PostAsync($$"""{"webhook":"{{_receiver.Url}}/none"}""", client);
        using var second = await PostAsync($$"""{"webhook":"{{_receiver.Url}}/none"}""", client);
        Assert.That((first.StatusCode, second.StatusCode),
            Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.TooManyRequests)));
    }

    private Task<HttpResponseMessage> PostAsync(string body, HttpClient? client = null) =>
        (client ?? _host.Client).PostAsync("/v2/webhook-test", new StringContent(body, null, "application/json"));
}
