using System.Net;
using System.Net.Http.Headers;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.SelfHost.Cli.Networks;

/// <summary>Downloads a model file. It resumes an interrupted download, and keeps only a file with the manifest's
/// digest.</summary>
internal sealed class ModelDownload(HttpMessageHandler handler, bool ownsHandler = true) : IDisposable
{
    private readonly HttpClient _client = new(handler, ownsHandler) { Timeout = TimeSpan.FromHours(2) };

    /// <summary>Creates a client for the internet, which uses the environment's proxy.</summary>
    public static ModelDownload Create() => new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) });

    /// <param name="progress">Receives the bytes so far and in all (null if unknown).</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="HttpRequestException">The server does not respond with the file.</exception>
    /// <exception cref="InvalidDataException">The file does not have the manifest's digest; it has been
    /// deleted.</exception>
    public async Task<string> FetchAsync(ModelEntry model, string folder, IProgress<(long Bytes, long? Total)> progress,
        CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var (path, part) = (Path.Combine(folder, model.File), Path.Combine(folder, model.File + ".part"));

        var have = File.Exists(part) ? new FileInfo(part).Length : 0;
        using (var response = await RequestAsync(model, have, cancellationToken))
        {
                        // 416: the file is complete, only the last step is missing. 200: no range support, so start
                        // over.
            if (response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                response.EnsureSuccessStatusCode();
                if (response.StatusCode != HttpStatusCode.PartialContent) have = 0;
                await AppendAsync(response, part, have, progress, cancellationToken);
            }
        }

        if (!ModelCatalog.HasDigest(part, model))
        {
            File.Delete(part);
            throw new InvalidDataException($"The file from {model.Address} is not '{model.Name}': its digest "
                + "differs from the manifest's. It has been deleted.");
        }
        File.Move(part, path, overwrite: true);
        return path;
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> RequestAsync(ModelEntry model, long have,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, model.Address);
        if (have > 0) request.Headers.Range = new RangeHeaderValue(have, null);
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static async Task AppendAsync(HttpResponseMessage response, string part, long have,
        IProgress<(long, long?)> progress, CancellationToken cancellationToken)
    {
        var total = have + response.Content.Headers.ContentLength;
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var file = new FileStream(part, have > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write);
        var buffer = new byte[128 * 1024];
        for (int read; (read = await body.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            progress.Report((have += read, total));
        }
    }
}
