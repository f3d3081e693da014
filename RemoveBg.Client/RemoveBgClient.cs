using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoveBg.Client;

/// <summary>Client of one service with one key. It may be shared between threads.</summary>
/// <remarks>Each submission gets an idempotency key of its own, so that a retry never starts a second job. Requests
/// are repeated after 429, 500, 502, 503, 504 and lost connections, after <c>Retry-After</c> or with growing pauses.
/// Each method throws <see cref="ApiException"/> or <see cref="ConnectionFailedException"/> when that did not
/// help.</remarks>
public sealed class RemoveBgClient : IDisposable
{
    private const string Artworks = "/v2/artworks";

    /// <summary>The service sends an event every 15 s.</summary>
    private static readonly TimeSpan StreamSilence = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan DefaultPoll = TimeSpan.FromSeconds(2);

    private readonly string _base;
    private readonly string _key;
    private readonly HttpClient _http;
    private readonly HttpClient? _own;
    private readonly TimeProvider _clock;
    private readonly Transport _transport;

    /// <summary>Creates a client; nothing is sent yet.</summary>
    /// <param name="baseUrl">The service's address, such as <c>https://removebg.example.com</c>.</param>
    /// <param name="apiKey"><c>rbg_…</c>.</param>
    /// <param name="timeout">Limit of one attempt; 100 s unless given.</param>
    /// <param name="retries">How often a request is repeated at most.</param>
    /// <param name="http">Sends the requests; not disposed of. Unless given, the client has one of its own.</param>
    /// <param name="clock">Measures pauses and limits; the system's unless given.</param>
    public RemoveBgClient(string baseUrl, string apiKey, TimeSpan? timeout = null, int retries = 4,
        HttpClient? http = null, TimeProvider? clock = null)
    {
        (_base, _key, _clock) = (baseUrl.TrimEnd('/'), apiKey, clock ?? TimeProvider.System);
        // A connection is not kept for ever, so that a change of DNS is noticed.
        _own = http is not null ? null : new(new SocketsHttpHandler { PooledConnectionLifetime = ConnectionLifetime })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http = http ?? _own!;
        _transport = new(_http, _clock, timeout ?? TimeSpan.FromSeconds(100), retries);
    }

    /// <summary>Submits a photo.</summary>
    /// <param name="photo">What to cut out.</param>
    /// <param name="options">What to do with it.</param>
    /// <param name="wait">1 to 60 s for which the service holds its response until the artwork has ended.</param>
    /// <param name="idempotencyKey">The same key with the same request returns the same artwork; a new one unless
    /// given.</param>
    /// <param name="cancellationToken">Cancels the call, its retries included.</param>
    public async Task<Artwork> SubmitAsync(Photo photo, Options? options = null, TimeSpan? wait = null,
        string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        var fields = RequestContent.Fields(options ?? new());
        if (!photo.IsFile) fields["imageUrl"] = photo.Url;
        List<(string, Photo)> files = photo.IsFile ? [("image", photo)] : [];
        if (options?.BackgroundImage is { } background) files.Add(("background", background));
        var content = await RequestContent.OfAsync(fields, files, cancellationToken).ConfigureAwait(false);
        return await SubmitAsync<Artwork>($"{Artworks}/remove-background", content, idempotencyKey, wait,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Submits up to 50 photos at once: either URLs, or files of at most 36 MiB together.</summary>
    /// <param name="photos">What to cut out.</param>
    /// <param name="options">What to do with each.</param>
    /// <param name="idempotencyKey">As for <see cref="SubmitAsync(Photo, Options?, TimeSpan?, string?,
    /// CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Cancels the call, its retries included.</param>
    /// <returns>One artwork for each photo, in the same order.</returns>
    /// <exception cref="ArgumentException">URLs and files are mixed.</exception>
    public Task<IReadOnlyList<Artwork>> SubmitBatchAsync(IReadOnlyList<Photo> photos, Options? options = null,
        string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        if (photos.All(photo => !photo.IsFile))
            return SubmitBatchAsync([.. photos.Select(photo => (photo, options ?? new()))], idempotencyKey,
                cancellationToken);
        if (!photos.All(photo => photo.IsFile))
            throw new ArgumentException("Expected either URLs or files, not both in one batch.", nameof(photos));
        List<(string, Photo)> files = [.. photos.Select(photo => ("images", photo))];
        if (options?.BackgroundImage is { } background) files.Add(("background", background));
        return SubmitBatchAsync(RequestContent.Fields(options ?? new()), files, idempotencyKey, cancellationToken);
    }

    /// <summary>Submits up to 50 URLs at once, each with options of its own.</summary>
    /// <param name="photos">What to cut out, and how.</param>
    /// <param name="idempotencyKey">As for <see cref="SubmitAsync(Photo, Options?, TimeSpan?, string?,
    /// CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Cancels the call, its retries included.</param>
    /// <returns>One artwork for each photo, in the same order.</returns>
    /// <exception cref="ArgumentException">A photo or a background is a file.</exception>
    public Task<IReadOnlyList<Artwork>> SubmitBatchAsync(IReadOnlyList<(Photo Photo, Options Options)> photos,
        string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        if (photos.Any(one => one.Photo.IsFile || one.Options.BackgroundImage is not null))
            throw new ArgumentException("Expected URLs: files of one batch share their options.", nameof(photos));
        var artworks = photos.Select(one =>
        {
            var fields = RequestContent.Fields(one.Options);
            fields["imageUrl"] = one.Photo.Url;
            return (JsonNode)fields;
        });
        return SubmitBatchAsync(new JsonObject { ["artworks"] = new JsonArray([.. artworks]) }, [], idempotencyKey,
            cancellationToken);
    }

    /// <summary>Reads an artwork as it is now; its result's URL is signed anew for an hour.</summary>
    public Task<Artwork> ReadAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync<Artwork>(HttpMethod.Get, PathOf(id), null, cancellationToken);

    /// <summary>Yields an artwork at once and at each change, from server-sent events. Ends when the artwork has ended,
    /// and when the service closes the stream (after 210 s); <see cref="WaitAsync"/> does the rest.</summary>
    /// <exception cref="ApiException">The stream was refused. Nothing is retried.</exception>
    /// <exception cref="ConnectionFailedException">The stream broke off.</exception>
    public async IAsyncEnumerable<Artwork> WatchAsync(string id,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var silence = new CancellationTokenSource(StreamSilence, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        var request = Request(HttpMethod.Get, PathOf(id) + "/events", null);
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await Transport.OrFailAsync(() => _transport.OnceAsync(request,
            (response, _) => Task.FromResult(response), both.Token), cancellationToken).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
            throw new ConnectionFailedException($"{_base}{PathOf(id)}/events is no event stream.");
        using var stream = await response.Content.ReadAsStreamAsync(both.Token).ConfigureAwait(false);
        await using var items = SseParser.Create(stream).EnumerateAsync(both.Token).GetAsyncEnumerator(both.Token);
        while (await Transport.OrFailAsync(() => items.MoveNextAsync().AsTask(), cancellationToken)
            .ConfigureAwait(false))
        {
            silence.CancelAfter(StreamSilence);
            if (items.Current.EventType == "status")
                yield return JsonSerializer.Deserialize(items.Current.Data, ApiJson.Wire.Artwork)!;
        }
    }

    /// <summary>Waits until an artwork has succeeded: by server-sent events, or by polling if there are none.</summary>
    /// <param name="id">The artwork's id.</param>
    /// <param name="timeout">Five minutes unless given.</param>
    /// <param name="cancellationToken">Ends the wait; the artwork goes on.</param>
    /// <exception cref="ArtworkFailedException">It has failed or was canceled.</exception>
    /// <exception cref="WaitTimeoutException">It has not ended in time; it goes on.</exception>
    public async Task<Artwork> WaitAsync(string id, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        var longest = timeout ?? TimeSpan.FromMinutes(5);
        using var limit = new CancellationTokenSource(longest, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var ended = await UntilEndedAsync(id, both.Token).ConfigureAwait(false);
            return ended.Status == ArtworkStatus.Succeeded ? ended : throw new ArtworkFailedException(ended);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WaitTimeoutException($"Artwork {id} has not ended after {longest.TotalSeconds} s.");
        }
    }

    /// <summary>Downloads the result into memory.</summary>
    /// <param name="artwork">One that has succeeded, read within the last hour.</param>
    /// <param name="cancellationToken">Cancels the call, its retries included.</param>
    /// <exception cref="ArgumentException">There is no result: the artwork has not succeeded, or the file is
    /// deleted.</exception>
    public Task<byte[]> DownloadAsync(Artwork artwork, CancellationToken cancellationToken = default) =>
        DownloadAsync(artwork, async (response, token) =>
        {
            using (response) return await response.Content.ReadAsByteArrayAsync(token).ConfigureAwait(false);
        }, cancellationToken);

    /// <summary>Downloads the result into a file, which is either complete or not there.</summary>
    /// <inheritdoc cref="DownloadAsync(Artwork, CancellationToken)"/>
    public async Task DownloadToAsync(Artwork artwork, string path, CancellationToken cancellationToken = default)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            using (var file = File.Create(part))
                await DownloadAsync(artwork, async (response, token) =>
                {
                    file.SetLength(0);
                    using (response) await response.Content.CopyToAsync(file, token).ConfigureAwait(false);
                    return true;
                }, cancellationToken).ConfigureAwait(false);
            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>Downloads the result as a stream, of which the caller disposes. Once it has begun, nothing is
    /// retried.</summary>
    /// <inheritdoc cref="DownloadAsync(Artwork, CancellationToken)"/>
    public Task<Stream> DownloadStreamAsync(Artwork artwork, CancellationToken cancellationToken = default) =>
        DownloadAsync(artwork, (response, token) => response.Content.ReadAsStreamAsync(token), cancellationToken);

    /// <summary>Cancels an artwork. One that has ended is returned unchanged.</summary>
    public Task<Artwork> CancelAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync<Artwork>(HttpMethod.Post, PathOf(id) + "/cancel", null, cancellationToken);

    /// <summary>Deletes record, result and stored input.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken = default)
    {
        try
        {
            await CallAsync(HttpMethod.Delete, PathOf(id), null, (response, _) =>
            {
                response.Dispose();
                return Task.FromResult(true);
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException error) when (error is { Status: 404, Attempts: > 1 })
        {
            // The first attempt did it, and only its response was lost.
        }
    }

    /// <summary>Yields the key's artworks, newest first, and reads page after page as needed.</summary>
    /// <param name="status">Only those with this status.</param>
    /// <param name="pageSize">Artworks that one request asks for, 1 to 100.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    public async IAsyncEnumerable<Artwork> ListAsync(ArtworkStatus? status = null, int pageSize = 20,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var query = $"{Artworks}?limit={pageSize}"
            + (status is null ? "" : $"&status={JsonNamingPolicy.CamelCase.ConvertName($"{status}")}");
        for (var page = new Page([], ""); page.NextCursor is { } cursor;)
        {
            page = await CallAsync<Page>(HttpMethod.Get,
                cursor.Length == 0 ? query : $"{query}&cursor={Uri.EscapeDataString(cursor)}", null, cancellationToken)
                .ConfigureAwait(false);
            foreach (var artwork in page.Items) yield return artwork;
        }
    }

    /// <summary>Has a signed sample sent to a webhook, and returns what came back.</summary>
    public Task<WebhookTest> TestWebhookAsync(string webhook, CancellationToken cancellationToken = default) =>
        CallAsync<WebhookTest>(HttpMethod.Post, "/v2/webhook-test",
            () => RequestContent.Json(new JsonObject { ["webhook"] = webhook }), cancellationToken);

    /// <summary>Reads the attempts to deliver an artwork's webhook.</summary>
    public Task<Deliveries> ListDeliveriesAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync<Deliveries>(HttpMethod.Get, PathOf(id) + "/webhook-deliveries", null, cancellationToken);

    /// <summary>Starts a new round of attempts to deliver an artwork's webhook.</summary>
    public Task<Deliveries> RedeliverAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync<Deliveries>(HttpMethod.Post, PathOf(id) + "/webhook-deliveries/redeliver", null, cancellationToken);

    /// <summary>Checks that a webhook comes from the service, and returns its artwork. The same webhook may come again:
    /// remember the header <c>webhook-id</c> and ignore repeats.</summary>
    /// <param name="secret">The key's webhook secret, <c>whsec_…</c>.</param>
    /// <param name="headers">The request's headers, in any case.</param>
    /// <param name="body">The request's body as it was received, not parsed and written again.</param>
    /// <param name="tolerance">How far the timestamp may be off; five minutes unless given.</param>
    /// <param name="now">The machine's clock unless given.</param>
    /// <exception cref="WebhookInvalidException">A header is missing, the timestamp is off, or no signature
    /// matches.</exception>
    /// <exception cref="FormatException">The secret is empty or no base64.</exception>
    public static Artwork VerifyWebhook(string secret, IEnumerable<KeyValuePair<string, string>> headers,
        ReadOnlySpan<byte> body, TimeSpan? tolerance = null, DateTimeOffset? now = null)
    {
        Webhook.Verify(secret, headers, body, tolerance ?? TimeSpan.FromMinutes(5),
            now ?? TimeProvider.System.GetUtcNow());
        return JsonSerializer.Deserialize(body, ApiJson.Wire.Artwork)!;
    }

    /// <summary>Closes the connections, unless they belong to an HttpClient that was given.</summary>
    public void Dispose() => _own?.Dispose();

    private async Task<Artwork> UntilEndedAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var now in WatchAsync(id, cancellationToken).ConfigureAwait(false))
                if (now.HasEnded) return now;
        }
        catch (RemoveBgException)
        {
            // Polling reports what is wrong, unless it was only the stream.
        }
        while (true)
        {
            var pause = DefaultPoll;
            var now = await CallAsync(HttpMethod.Get, PathOf(id), null, (response, token) =>
            {
                pause = _transport.RetryAfter(response) ?? DefaultPoll;
                return ApiJson.ReadAsync<Artwork>(response, token);
            }, cancellationToken).ConfigureAwait(false);
            if (now.HasEnded) return now;
            await Task.Delay(pause, _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<Artwork>> SubmitBatchAsync(JsonObject fields, List<(string, Photo)> files,
        string? idempotencyKey, CancellationToken cancellationToken)
    {
        var content = await RequestContent.OfAsync(fields, files, cancellationToken).ConfigureAwait(false);
        var page = await SubmitAsync<Page>($"{Artworks}/batch", content, idempotencyKey, null, cancellationToken)
            .ConfigureAwait(false);
        return page.Items;
    }

    private Task<T> SubmitAsync<T>(string path, Func<HttpContent> content, string? idempotencyKey, TimeSpan? wait,
        CancellationToken cancellationToken)
    {
        var key = idempotencyKey ?? Guid.NewGuid().ToString();
        return _transport.RetryAsync(() =>
        {
            var request = Request(HttpMethod.Post, path, content);
            request.Headers.Add("Idempotency-Key", key);
            if (wait is { } hold) request.Headers.Add("Prefer", $"wait={(int)hold.TotalSeconds}");
            return _transport.OnceAsync(request, ApiJson.ReadAsync<T>, cancellationToken);
        }, cancellationToken);
    }

    private Task<T> CallAsync<T>(HttpMethod method, string path, Func<HttpContent>? content,
        CancellationToken cancellationToken) =>
        CallAsync(method, path, content, ApiJson.ReadAsync<T>, cancellationToken);

    private Task<T> CallAsync<T>(HttpMethod method, string path, Func<HttpContent>? content,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken) =>
        _transport.RetryAsync(() => _transport.OnceAsync(Request(method, path, content), read, cancellationToken),
            cancellationToken);

    private HttpRequestMessage Request(HttpMethod method, string path, Func<HttpContent>? content) =>
        new(method, _base + path) { Content = content?.Invoke(), Headers = { Authorization = new("Bearer", _key) } };

    /// <summary>Sends no key: storage is another server.</summary>
    private Task<T> DownloadAsync<T>(Artwork artwork, Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        if (artwork.Results is not [var url, ..])
            throw new ArgumentException($"Artwork {artwork.Id} has no result: its status is {artwork.Status}.",
                nameof(artwork));
        return _transport.RetryAsync(() => _transport.OnceAsync(new(HttpMethod.Get, url), read, cancellationToken),
            cancellationToken);
    }

    private static string PathOf(string id) => $"{Artworks}/{Uri.EscapeDataString(id)}";
}
