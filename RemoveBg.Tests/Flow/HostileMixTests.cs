using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Nine keys send what takes most memory, all at once, while a tenth sends ordinary photos.</summary>
[Category("Soak")]
public sealed class HostileMixTests
{
    private const long MostResident = 1L << 30;
    private const int Photos = 24, LargeUpload = 35 * 1024 * 1024;
    private const string Submit = "/v2/artworks/remove-background";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<int, int> _statuses = new();
    private readonly CancellationTokenSource _over = new();
    private HostProcess _host = null!;
    private Caller _caller = null!;
    private byte[] _photo = null!, _dataUri = null!;

    [Test]
    public async Task The_process_stays_within_a_gibibyte_and_the_innocent_keys_photos_all_succeed()
    {
        // 1. A host with its default budget, ten keys, and servers of files that never end.
        _photo = await File.ReadAllBytesAsync(Repo.Sample("scene-toycar.jpg"));
        var inline = Convert.ToBase64String([.. _photo, .. new byte[9_000_000]]);
        _dataUri = Encoding.ASCII.GetBytes($$"""{"imageUrl":"data:image/jpeg;base64,{{inline}}"}""");
        var storage = Storage.NewAccount();
        await using var caller = _caller = await Caller.StartAsync();
        using var host = _host = await HostProcess.StartAsync(storage);
        var keys = await StoredKeys.AddAsync(storage, 10);
        var large = new byte[24 * 1024 * 1024];
        _photo.CopyTo(large, 0);
        caller.ServePage("/large", context => SendAndHoldAsync(context, large));

        // 2. Three keys upload slowly, three send large data URIs, three let large files be downloaded slowly.
        var attackers = new List<Task>();
        for (var i = 0; i < 24; i++)
        {
            var (uploader, inliner, downloader) = (keys[i % 3], keys[3 + i % 3], keys[6 + i % 3]);
            attackers.Add(RepeatAsync(() => UploadSlowlyAsync(uploader)));
            if (i < 10) attackers.Add(RepeatAsync(() => SendDataUriAsync(inliner)));
            if (i < 16) attackers.Add(RepeatAsync(() => SubmitLargeAsync(downloader)));
        }

        // 3. The innocent key sends its photos, four at a time, and does what a 429 says.
        var watch = Stopwatch.StartNew();
        var waits = new ConcurrentBag<TimeSpan>();
        var ids = new ConcurrentBag<string>();
        var ended = new ConcurrentDictionary<string, string?>();
        using var innocent = Client(keys[9]);
        await Parallel.ForAsync(0, Photos, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            var start = watch.Elapsed;
            var id = await SubmitPhotoAsync(innocent);
            ids.Add(id);
            await Eventually.HoldsAsync(async () => (ended[id] = await StatusAsync(innocent, id))
                is "succeeded" or "failed" or "canceled", $"artwork {i} ends", Patience);
            waits.Add(watch.Elapsed - start);
        });
        await Eventually.HoldsAsync(() => ids.All(WasAnnounced), "each artwork is announced", Patience);
        await _over.CancelAsync();
        await Task.WhenAll(attackers);

        // 4. What became of it.
        var twice = caller.Deliveries.Where(delivery => ids.Any(id => delivery.Text.Contains(id)))
            .Select(delivery => delivery.Id).GroupBy(id => id.Split('_')[1]).Count(all => all.Distinct().Count() > 1);
        var lost = Photos - ids.Distinct().Count(WasAnnounced);
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"requests {_statuses.Values.Sum()} ({string.Join(", ", _statuses.OrderBy(pair => pair.Key)
                .Select(pair => $"{pair.Key}: {pair.Value}"))}), jobs {_statuses.GetValueOrDefault(202)}, "
            + $"peak {host.PeakResidentBytes >> 20} MiB, lost {lost}, "
            + $"stuck {ended.Values.Count(status => status is not ("succeeded" or "failed"))}, twice {twice}, "
            + $"longest wait of the innocent key {waits.Max().TotalSeconds:0.0} s, median "
            + $"{waits.Order().ElementAt(Photos / 2).TotalSeconds:0.0} s"));
        Assert.Multiple(() =>
        {
            Assert.That(ended.Values, Is.All.EqualTo("succeeded"));
            Assert.That(host.PeakResidentBytes, Is.LessThanOrEqualTo(MostResident));
            Assert.That((lost, twice), Is.EqualTo((0, 0)));
            Assert.That(_statuses.Keys.Where(status => status >= 500), Is.Empty, "server errors");
        });
    }

    private bool WasAnnounced(string id) => _caller.Deliveries.Any(delivery => delivery.Text.Contains(id));

    private HttpClient Client(string key) => new()
    {
        BaseAddress = _host.Address,
        Timeout = Patience,
        DefaultRequestHeaders = { Authorization = new("Bearer", key) },
    };

    private async Task RepeatAsync(Func<Task> attack)
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                await attack();
            }
            catch (Exception problem)
                when (problem is HttpRequestException or IOException or SocketException or OperationCanceledException)
            {
                // Cut off, as it deserves.
                _statuses.AddOrUpdate(0, 1, (_, sent) => sent + 1);
            }
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, _over.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends nearly all of a large form at once, and the rest at 300 bytes per second.</summary>
    private async Task UploadSlowlyAsync(string key)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_host.Address.Host, _host.Address.Port, _over.Token);
        var stream = client.GetStream();
        var part = Encoding.ASCII.GetBytes("--b\r\nContent-Disposition: form-data; name=\"image_file\"; filename=\"a\""
            + "\r\n\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1.0/removebg HTTP/1.1\r\nHost: h\r\nAuthorization: "
            + $"Bearer {key}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {LargeUpload}\r\n"
            + "\r\n"), _over.Token);
        await stream.WriteAsync(part, _over.Token);
        var answering = ReadStatusAsync(stream);
        var block = new byte[64 * 1024];
        for (var left = LargeUpload - part.Length - 200_000; left > 0 && !answering.IsCompleted; left -= block.Length)
            await stream.WriteAsync(block.AsMemory(0, Math.Min(left, block.Length)), _over.Token);
        while (!answering.IsCompleted)
        {
            await stream.WriteAsync(block.AsMemory(0, 600), _over.Token);
            await Task.WhenAny(answering, Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, _over.Token));
        }
        Count(await answering);
    }

    private async Task<int> ReadStatusAsync(NetworkStream stream)
    {
        var head = new byte[16];
        await stream.ReadAtLeastAsync(head, 12, throwOnEndOfStream: true, _over.Token);
        return int.Parse(Encoding.ASCII.GetString(head, 9, 3), CultureInfo.InvariantCulture);
    }

    private async Task SendDataUriAsync(string key)
    {
        using var client = Client(key);
        using var content = new ByteArrayContent(_dataUri) { Headers = { ContentType = new("application/json") } };
        using var response = await client.PostAsync(Submit, content, _over.Token);
        Count((int)response.StatusCode);
    }

    private async Task SubmitLargeAsync(string key)
    {
        using var client = Client(key);
        using var content = new StringContent(
            $$"""{"imageUrl":"{{_caller.Url}}/large","background":"{{_caller.Url}}/large"}""", Encoding.UTF8,
            "application/json");
        using var response = await client.PostAsync(Submit, content, _over.Token);
        Count((int)response.StatusCode);
    }

    /// <summary>Sends a file but for its last byte.</summary>
    private static async Task SendAndHoldAsync(HttpContext context, byte[] file)
    {
        context.Response.ContentLength = file.Length;
        await context.Response.Body.WriteAsync(file.AsMemory(0, file.Length - 1), context.RequestAborted);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<string> SubmitPhotoAsync(HttpClient client)
    {
        while (true)
        {
            using var form = new MultipartFormDataContent
            {
                { new ByteArrayContent(_photo) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } },
                    "image", "photo.jpg" },
                { new StringContent(_caller.WebhookUrl), "webhook" },
            };
            using var response = await client.PostAsync(Submit, form);
            Count((int)response.StatusCode);
            if ((int)response.StatusCode == 202) return (await response.JsonAsync()).Text("id")!;
            Assert.That((int)response.StatusCode, Is.EqualTo(429), await response.Content.ReadAsStringAsync());
            await Task.Delay(response.Headers.RetryAfter!.Delta!.Value, TimeProvider.System);
        }
    }

    private async Task<string?> StatusAsync(HttpClient client, string id)
    {
        using var response = await client.GetAsync($"/v2/artworks/{id}");
        Count((int)response.StatusCode);
        // A 429 asks the caller to come again.
        return response.IsSuccessStatusCode ? (await response.JsonAsync()).Text("status") : null;
    }

    private void Count(int status) => _statuses.AddOrUpdate(status, 1, (_, sent) => sent + 1);

    [OneTimeTearDown]
    public void Release() => _over.Dispose();
}
