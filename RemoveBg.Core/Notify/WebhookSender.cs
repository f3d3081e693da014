using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Network;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Notify;

/// <summary>Outcome of one attempt.</summary>
/// <param name="Outcome">delivered, failed, timeout, unreachable or gone.</param>
/// <param name="StatusCode">Null when no answer came.</param>
/// <param name="RetryAfter">What a 429 or 503 asked for.</param>
/// <param name="Text">Beginning of the answer's body; null if it was not wanted.</param>
public sealed record DeliveryOutcome(string Outcome, int? StatusCode = null, TimeSpan? RetryAfter = null,
    string? Text = null)
{
    public const string Delivered = "delivered", Failed = "failed", Timeout = "timeout", Unreachable = "unreachable",
        Gone = "gone";
}

/// <summary>One signed POST. Redirects are not followed, and the answer's body is read only on request.</summary>
public sealed class WebhookSender : IDisposable
{
    private readonly HttpClient _client;
    private readonly UrlPolicy _urls;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _clock;
    private readonly RunningTime _time;
    private readonly ServiceMetrics _metrics;
    private readonly ILogger<WebhookSender> _log;

    public WebhookSender(GuardedConnector connector, UrlPolicy urls, IOptions<WebhookOptions> options,
        ServiceMetrics metrics, TimeProvider clock, RunningTime time, ILogger<WebhookSender> log)
    {
        (_urls, _options, _metrics, _clock, _time, _log) = (urls, options.Value, metrics, clock, time, log);
        _client = new(connector.CreateHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.Add(new("RemoveBg-Webhook", "1.0"));
    }

    /// <summary>Makes one attempt.</summary>
    /// <param name="url">Address of the receiver.</param>
    /// <param name="webhookId">The webhook-id.</param>
    /// <param name="body">JSON.</param>
    /// <param name="signingKeys">Secrets; each makes one signature.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <param name="keptBytes">Most bytes of the answer's body to return as text.</param>
    public async Task<DeliveryOutcome> SendAsync(string url, string webhookId, string body,
        IReadOnlyList<byte[]> signingKeys, CancellationToken cancellationToken, int keptBytes = 0)
    {
        if (_urls.Check(url, UrlUse.Webhook, out var uri) is not null) return new(DeliveryOutcome.Unreachable);

        var bytes = Encoding.UTF8.GetBytes(body);
        var now = _clock.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add(WebhookSigner.IdHeader, webhookId);
        request.Headers.Add(WebhookSigner.TimestampHeader,
            now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSigner.SignatureHeader, WebhookSigner.Sign(signingKeys, webhookId, now, bytes));

        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var response =
                await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var outcome = Judge(response);
            return keptBytes == 0 ? outcome
                : outcome with { Text = await BeginningAsync(response, keptBytes, limit.Token) };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(DeliveryOutcome.Timeout);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException)
        {
            var blocked = (problem.InnerException as BlockedAddressException)?.Message;
            if (blocked is not null) _metrics.Fault(Fault.AddressBlocked);
            _log.WebhookNotSent(webhookId,
                blocked ?? (problem as HttpRequestException)?.HttpRequestError.ToString() ?? problem.GetType().Name);
            return new(DeliveryOutcome.Unreachable);
        }
    }

    public void Dispose() => _client.Dispose();

    private static async Task<string> BeginningAsync(HttpResponseMessage response, int most,
        CancellationToken cancellationToken)
    {
        var bytes = new byte[most];
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var read = await stream.ReadAtLeastAsync(bytes, most, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(bytes, 0, read);
    }

    private DeliveryOutcome Judge(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode) return new(DeliveryOutcome.Delivered, status);
        if (response.StatusCode == HttpStatusCode.Gone) return new(DeliveryOutcome.Gone, status);
        var asks = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
        return new(DeliveryOutcome.Failed, status,
            asks ? Wait(response.Headers.RetryAfter, _clock.GetUtcNow()) : null);
    }

    /// <returns>The time that a receiver asks for; negative for a date that has passed.</returns>
    internal static TimeSpan? Wait(RetryConditionHeaderValue? retryAfter, DateTimeOffset now) =>
        retryAfter?.Delta ?? (retryAfter?.Date is { } date ? date - now : null);
}
