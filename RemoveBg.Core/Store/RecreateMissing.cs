using Azure.Core;
using Azure.Core.Pipeline;

namespace RemoveBg.Core.Store;

/// <summary>When a response says that a table, queue or container has been deleted: creates it again and repeats the
/// request.</summary>
internal sealed class RecreateMissing : HttpPipelinePolicy
{
    /// <summary>Creates all that are missing. Null: the request fails.</summary>
    public Func<CancellationToken, Task>? Create { get; set; }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        ProcessNext(message, pipeline);

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        await ProcessNextAsync(message, pipeline);
        if (Create is not { } create || !IsMissing(message)) return;
        await create(message.CancellationToken);
        await ProcessNextAsync(message, pipeline);
    }

    /// <summary>Whether the whole table, queue or container is missing, not only something in it.</summary>
    private static bool IsMissing(HttpMessage message)
    {
        var response = message.Response;
        // The blob and queue services put the code into a header, the table service into the body; and the response to
        // a transaction, which is 202, contains that of its first failed part.
        var isTransaction = response.Status == 202
            && message.Request.Uri.Path.EndsWith("$batch", StringComparison.Ordinal);
        if (response.Status != 404 && !isTransaction) return false;
        if (response.Headers.TryGetValue("x-ms-error-code", out var code))
            return code is "ContainerNotFound" or "QueueNotFound" or "TableNotFound";
        return response.ContentStream is MemoryStream
            && response.Content.ToString().Contains("\"TableNotFound\"", StringComparison.Ordinal);
    }
}
