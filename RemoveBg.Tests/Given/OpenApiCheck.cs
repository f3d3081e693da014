using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace RemoveBg.Tests.Given;

/// <summary>Between a test's client and the service: every answer must be what openapi.json says, with no field, header
/// or status beyond it, and every request that was accepted must be one that it describes.</summary>
internal sealed class OpenApiCheck() : DelegatingHandler(new SocketsHttpHandler { UseCookies = false })
{
    /// <summary>Largest body that is checked, in bytes; of larger ones only the headers are.</summary>
    private const int LargestBody = 1024 * 1024;

    /// <summary>Describes the pages like openapi.json the API, of which they are no part.</summary>
    public static readonly string Pages = Path.Combine(Repo.Root, "RemoveBg.Tests", "Given", "pages.json");

    private static readonly Lock Turn = new();
    private static readonly Lazy<Process> Node = new(Start);

    /// <returns>What in the document is no OpenAPI, and which of its own examples do not fit its schemas.</returns>
    public static IReadOnlyList<string> CheckDocument() => Ask(new { document = true });

    /// <returns>What in a received webhook is not as the document says.</returns>
    public static IReadOnlyList<string> CheckWebhook(ReceivedDelivery delivery) => Ask(new
    {
        webhook = new
        {
            headers = new Dictionary<string, string>
            {
                [Core.Notify.WebhookSigner.IdHeader] = delivery.Id,
                [Core.Notify.WebhookSigner.TimestampHeader] = delivery.Timestamp,
                [Core.Notify.WebhookSigner.SignatureHeader] = delivery.Signature,
            },
            body = delivery.Text,
        },
    });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
        CancellationToken cancellationToken)
    {
        var asked = await ReadAsync(request.Content, cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        var isUnread = response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            || response.Content.Headers.ContentEncoding.Contains("gzip");
        var problems = Ask(new
        {
            method = request.Method.Method,
            path = request.RequestUri!.AbsolutePath,
            status = (int)response.StatusCode,
            request = new { type = request.Content?.Headers.ContentType?.MediaType, body = asked },
            response = new
            {
                type = response.Content.Headers.ContentType?.MediaType,
                body = isUnread ? null : await ReadAsync(response.Content, cancellationToken),
                headers = response.Headers.Concat(response.Content.Headers)
                    .ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(", ", header.Value)),
            },
        });
        Assert.That(problems, Is.Empty, "openapi.json and the service differ");
        return response;
    }

    private static async Task<string?> ReadAsync(HttpContent? content, CancellationToken cancellationToken)
    {
        if (content is null) return null;
        await content.LoadIntoBufferAsync(cancellationToken);
        var bytes = await content.ReadAsByteArrayAsync(cancellationToken);
        return bytes.Length > LargestBody ? null : Encoding.UTF8.GetString(bytes);
    }

    private static List<string> Ask(object exchange)
    {
        lock (Turn)
        {
            Node.Value.StandardInput.WriteLine(JsonSerializer.Serialize(exchange));
            var answer =
                Node.Value.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The checker has ended.");
            return JsonSerializer.Deserialize<List<string>>(answer)!;
        }
    }

    /// <summary>Ends by itself when this process does, and its input with it.</summary>
    private static Process Start()
    {
        var start = new ProcessStartInfo("node") { RedirectStandardInput = true, RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false) };
        start.ArgumentList.Add(Path.Combine(Repo.Root, "RemoveBg.Tests", "Given", "openapi.js"));
        start.ArgumentList.Add(Repo.OpenApi);
        start.ArgumentList.Add(Pages);
        start.Environment["NODE_PATH"] = Path.Combine(Repo.Root, "node_modules");
        return Process.Start(start)!;
    }
}
