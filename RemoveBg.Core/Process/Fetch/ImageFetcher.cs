using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Network;
using RemoveBg.Core.Telemetry;

namespace RemoveBg.Core.Process.Fetch;

/// <summary>Downloads an image from an untrusted address.</summary>
/// <remarks><see cref="UrlPolicy"/> checks and <see cref="GuardedConnector"/> connects each hop; size, idle time and
/// total time are limited while streaming. To the caller, a blocked address, a refused connection and an unknown name
/// look the same.</remarks>
public sealed partial class ImageFetcher : IDisposable
{
    private const string Unreachable = "The image could not be downloaded: its server could not be reached.";

    private const string CookiesNote = " It sets a cookie and may want it back, but cookies are not kept: the URL must "
        + "work without them.";

    /// <summary>Registered content codings that change the bytes (RFC 9110, section 8.4.1, and IANA's list).</summary>
    private static readonly HashSet<string> Encodings = new(StringComparer.OrdinalIgnoreCase)
    {
        "gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip",
        "aes128gcm",
    };

    private readonly HttpClient _client;
    private readonly UrlPolicy _urls;
    private readonly FetchOptions _limits;
    private readonly RunningTime _time;
    private readonly ServiceMetrics _metrics;
    private readonly ILogger<ImageFetcher> _log;

    public ImageFetcher(GuardedConnector connector, UrlPolicy urls, IOptions<FetchOptions> limits,
        IOptions<ImageOptions> formats, ServiceMetrics metrics, RunningTime time, ILogger<ImageFetcher> log)
    {
        (_urls, _limits, _metrics, _time, _log) = (urls, limits.Value, metrics, time, log);
        // HttpClient.Timeout does not cover the body (dotnet/runtime#36822); our own tokens do.
        _client = new(connector.CreateHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", _limits.UserAgent);
        _client.DefaultRequestHeaders.Accept.ParseAdd(FileFormat.Accept(formats.Value));
        _client.DefaultRequestHeaders.AcceptEncoding.Add(new("identity"));
    }

    /// <summary>Downloads an image.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="image">Receives the bytes.</param>
    /// <param name="cancellationToken">Cancels the download.</param>
    /// <exception cref="ArtworkFailedException">The download failed; the code says why.</exception>
    public async Task FetchAsync(string url, IFetchTarget image, CancellationToken cancellationToken)
    {
        using var total = new CancellationTokenSource(_limits.TotalTimeout, _time);
        using var idle = new CancellationTokenSource(_limits.IdleTimeout, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, total.Token, idle.Token);
        var hasBegun = false;
        try
        {
            using var response = await FollowAsync(url, idle, limit.Token);
            hasBegun = true;
            await ReadBodyAsync(response, image, idle, limit.Token);
            _metrics.Fetched(image.Length);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var what = total.IsCancellationRequested
                ? $"The image took longer than {_limits.TotalTimeout.TotalSeconds:0.#} s to download."
                : idle.IsCancellationRequested
                    ? $"The image's server was silent for more than {_limits.IdleTimeout.TotalSeconds:0.#} s."
                : "The image's server did not accept a connection in time.";
            throw new ArtworkFailedException(ArtworkFailure.ImageTimeout, what, isTransient: true);
        }
        // System.Uri throws UriFormatException or ArgumentException on a hostile Location header.
        catch (Exception problem)
            when (problem is HttpRequestException or IOException or UriFormatException or ArgumentException)
        {
            // Log exception types only: their messages contain addresses and parts of the response.
            var blocked =
                (problem as BlockedAddressException ?? problem.InnerException as BlockedAddressException)?.Message;
            if (blocked is not null) _metrics.Fault(Fault.AddressBlocked);
            _log.DownloadFailed(
                blocked ?? $"{problem.GetType().Name} {(problem as HttpRequestException)?.HttpRequestError}");
            throw FailureOf(problem, blocked is not null, hasBegun);
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Names the fault without details of the network: a refused address looks like an unreachable
    /// server.</summary>
    private static ArtworkFailedException FailureOf(Exception problem, bool isBlocked, bool hasBegun) => problem switch
    {
        _ when isBlocked => new(ArtworkFailure.ImageUnreachable, Unreachable, isTransient: true),
        HttpRequestException or IOException when hasBegun => new(ArtworkFailure.ImageIncomplete,
            "The image's server closed the connection before the end of the image.", isTransient: true),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new(
            ArtworkFailure.ImageTls, "No secure connection to the image's server could be made: its certificate is not "
                + "valid for its name, or the port does not speak TLS.", isTransient: true),
        _ => new(ArtworkFailure.ImageUnreachable, Unreachable, isTransient: true),
    };

    private async Task<HttpResponseMessage> FollowAsync(string url, CancellationTokenSource idle,
        CancellationToken cancellationToken)
    {
        var wantsCookies = false;
        for (var hop = 0; ; hop++)
        {
            if (_urls.Check(url, UrlUse.Image, out var uri) is not null)
                throw new ArtworkFailedException(ArtworkFailure.ImageUrlBlocked, hop == 0
                    ? "The image's URL is not allowed."
                    : "The image's URL redirects to an address that is not allowed.");
            idle.CancelAfter(_limits.IdleTimeout);
            var asked = AsWritten(url, uri!);
            var response = await _client.GetAsync(asked, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (IsWhole(response)) return response;

            using (response)
            {
                url = Redirect(response, asked) ?? throw Refused(response);
                wantsCookies |= SetsCookies(response);
                if (hop == _limits.MaxRedirects)
                    throw new ArtworkFailedException(ArtworkFailure.TooManyRedirects,
                        $"The image's URL redirects more than {_limits.MaxRedirects} times."
                            + (wantsCookies ? CookiesNote : ""));
            }
        }
    }

    /// <summary>Keeps path and query as they are written. System.Uri would rewrite %41 to A, and a signed URL would no
    /// longer match its signature.</summary>
    internal static Uri AsWritten(string url, Uri parsed)
    {
        var withoutFragment = url.Split('#')[0];
        return WellFormed().IsMatch(withoutFragment)
            ? new(withoutFragment, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })
            : parsed;
    }

    /// <summary>Matches a URL in which nothing has to be escaped and no segment of dots has to be resolved (RFC 3986,
    /// sections 3.3 and 5.2.4).</summary>
    [GeneratedRegex(@"^https?://[A-Za-z0-9.:\[\]-]+/(?!.*/(\.|%2[eE]){1,2}([/?]|$))(?!(\.|%2[eE]){1,2}([/?]|$))"
        + @"([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$", RegexOptions.IgnoreCase)]
    private static partial Regex WellFormed();

    /// <summary>Whether a response is the whole image: 200, 203 from a proxy that may have changed it, or 206 with all
    /// of its bytes (RFC 9110, sections 15.3.4 and 15.3.7).</summary>
    private static bool IsWhole(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.OK or HttpStatusCode.NonAuthoritativeInformation => true,
        HttpStatusCode.PartialContent => response.Content.Headers.ContentRange is { From: 0 } range
            && range.To + 1 == range.Length,
        _ => false,
    };

    /// <returns>The next URL, or null when the response is not a redirect.</returns>
    internal static string? Redirect(HttpResponseMessage response, Uri from)
    {
        if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)) return null;
        // The raw header: System.Uri has normalised the validated one.
        if (!response.Headers.NonValidated.TryGetValues("Location", out var values)
            || values.FirstOrDefault() is not { } location) return null;
        var next = UrlReference.Resolve(from.AbsoluteUri, location);
        if (from.Scheme == Uri.UriSchemeHttps && !next.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
            throw new ArtworkFailedException(ArtworkFailure.ImageUrlBlocked,
                "The image's URL redirects from https to something else.");
        return next;
    }

    private static bool SetsCookies(HttpResponseMessage response) => response.Headers.Contains("Set-Cookie");

    private static ArtworkFailedException Refused(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        return new(ArtworkFailure.ImageUnreachable,
            $"The image could not be downloaded: its server answered {status.ToString(CultureInfo.InvariantCulture)}."
                + (status is 401 or 403 && SetsCookies(response) ? CookiesNote : ""),
            isTransient: status is 408 or 425 or 429 or >= 500);
    }

    private async Task ReadBodyAsync(HttpResponseMessage response, IFetchTarget image, CancellationTokenSource idle,
        CancellationToken cancellationToken)
    {
        // Names that are no coding, such as utf-8, binary or aws-chunked, mean nothing to browsers either.
        if (response.Content.Headers.ContentEncoding.FirstOrDefault(Encodings.Contains) is { } encoding)
            throw new ArtworkFailedException(ArtworkFailure.ImageCorrupt,
                $"The image was sent with Content-Encoding: {encoding}; it must be sent without one.");
        var announced = response.Content.Headers.ContentLength;
        if (announced > _limits.MaxBytes) throw TooLarge();

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        while (true)
        {
            idle.CancelAfter(_limits.IdleTimeout);
            var read = await body.ReadAsync(image.Free, cancellationToken);
            // Storage may be slow; that is not the server's silence.
            idle.CancelAfter(Timeout.InfiniteTimeSpan);
            if (read == 0) break;
            if (image.Length + read > _limits.MaxBytes) throw TooLarge();
            await image.AdvanceAsync(read);
        }
        await image.CompleteAsync();
    }

    private ArtworkFailedException TooLarge() =>
        new(ArtworkFailure.ImageTooLarge, $"The image is larger than {_limits.MaxBytes:N0} bytes.");
}
