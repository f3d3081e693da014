using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RemoveBg.Core.Artworks;
using RemoveBg.SelfHost.Hosting.Development;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Photo;

/// <summary>The photo and options of the command line.</summary>
/// <param name="Options">Fields of the request beyond the photo and its format.</param>
internal sealed record PhotoOrder(string Photo, string? Output, string Format,
    IReadOnlyDictionary<string, object> Options);

/// <summary>Processes one local file end to end, as an API caller would: serves it, submits it, waits for the webhook,
/// verifies its signature, downloads the result.</summary>
internal sealed class RemovePhoto(PhotoOrder order, string hostUrl, DevelopmentSecrets secrets, IAnsiConsole console)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<(string Event, TimeSpan At)> _timeline = [];

    /// <exception cref="UserException">The artwork or a step around it failed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var caller =
            await CallerSide.StartAsync(Path.GetFullPath(order.Photo), secrets.WebhookSecret, cancellationToken);
        using var client = new HttpClient { BaseAddress = new(hostUrl) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", secrets.ApiKey);

        var artwork = await console.Status().StartAsync("Submitting", async status =>
        {
            var id = await SubmitAsync(client, caller, cancellationToken);
            Note("accepted");
            await FollowAsync(client, id, caller, status, cancellationToken);
            var webhook = await caller.Webhook.WaitAsync(cancellationToken);
            Note("webhook delivered");
            if (!webhook.IsSigned) throw new UserException("The webhook's signature is not valid.");
            return JsonDocument.Parse(webhook.Body).RootElement;
        });

        if (artwork.TryGetProperty("error", out var error))
            throw new UserException(
                $"{order.Photo}: {error.GetProperty("code").GetString()}: {error.GetProperty("message").GetString()}");
        var output = await DownloadAsync(artwork.GetProperty("results")[0].GetString()!, cancellationToken);
        console.WriteLine(string.Join(", ", _timeline.Select(
            entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Event} {entry.At.TotalSeconds:0.00} s"))));
        console.WriteLine($"Wrote {output} ({new FileInfo(output).Length:N0} bytes)");
    }

    private async Task<string> SubmitAsync(HttpClient client, CallerSide caller, CancellationToken cancellationToken)
    {
        using var body = new StringContent(
            JsonSerializer.Serialize(new Dictionary<string, object>(order.Options) { ["imageUrl"] = caller.PhotoUrl,
                ["webhook"] = caller.WebhookUrl, ["outputFormat"] = order.Format }), Encoding.UTF8, "application/json");
        using var response = await client.PostAsync("/v2/artworks/remove-background", body, cancellationToken);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return response.IsSuccessStatusCode ? answer.RootElement.GetProperty("id").GetString()!
            : throw new UserException($"Not accepted: {answer.RootElement.GetProperty("message").GetString()}");
    }

    /// <summary>Polls to show progress only; the webhook decides.</summary>
    private async Task FollowAsync(HttpClient client, string id, CallerSide caller, StatusContext shown,
        CancellationToken cancellationToken)
    {
        var before = ArtworkStatus.Starting.Word();
        shown.Status("Waiting");
        while (!caller.Webhook.IsCompleted)
        {
            using var answer = JsonDocument.Parse(await client.GetStringAsync($"/v2/artworks/{id}", cancellationToken));
            var now = answer.RootElement.GetProperty("status").GetString()!;
            if (now != before) Note(now == ArtworkStatus.Processing.Word() ? "started" : "finished");
            if (now != before) shown.Status($"Artwork is {now}");
            before = now;
            await Task.WhenAny(caller.Webhook,
                Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken));
        }
        // A fast artwork may pass a status between two polls; show it nevertheless.
        if (before == ArtworkStatus.Starting.Word()) Note("started");
        if (before is "starting" or "processing") Note("finished");
    }

    private async Task<string> DownloadAsync(string url, CancellationToken cancellationToken)
    {
        // Without the API key: the URL alone must be enough.
        using var plain = new HttpClient();
        using var response = await plain.GetAsync(url, cancellationToken);
        response.EnsureSuccessStatusCode();
        var extension = ResultTypes.Extension(response.Content.Headers.ContentType?.MediaType ?? "");
        var output = order.Output ?? $"{Path.GetFileNameWithoutExtension(order.Photo)}-cutout.{extension}";
        try
        {
            await using var file = File.Create(output);
            await response.Content.CopyToAsync(file, cancellationToken);
            return output;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"-o: {output} cannot be written: {problem.Message}");
        }
    }

    private void Note(string name) => _timeline.Add((name, _watch.Elapsed));
}
