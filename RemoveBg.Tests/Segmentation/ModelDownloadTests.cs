using System.Security.Cryptography;
using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost.Cli.Networks;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Segmentation;

public sealed class ModelDownloadTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31))];
    private string _folder = null!;
    private Caller _server = null!;

    [SetUp]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("download").FullName;
        _server = await Caller.StartAsync();
    }

    [TearDown]
    public async Task Stop()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task A_network_is_downloaded_with_progress_and_its_digest_is_checked()
    {
        var seen = new List<long>();
        var path = await FetchAsync(Serve(Content), new Watch(seen));
        Assert.That(await File.ReadAllBytesAsync(path), Is.EqualTo(Content));
        Assert.That(seen, Is.Ordered);
        Assert.That(seen[^1], Is.EqualTo(Content.Length));
    }

    [Test]
    public async Task An_interrupted_download_resumes()
    {
        await File.WriteAllBytesAsync(Path.Combine(_folder, "net.onnx.part"), Content[..100_000]);
        string? range = null;
        var url = _server.ServePage("/net", context =>
        {
            range = context.Request.Headers.Range;
            context.Response.StatusCode = 206;
            context.Response.ContentLength = Content.Length - 100_000;
            return context.Response.Body.WriteAsync(Content.AsMemory(100_000)).AsTask();
        });
        Assert.That(await File.ReadAllBytesAsync(await FetchAsync(url)), Is.EqualTo(Content));
        Assert.That(range, Is.EqualTo("bytes=100000-"));
    }

    [Test]
    public async Task Without_range_support_the_whole_file_is_downloaded_again()
    {
        await File.WriteAllBytesAsync(Path.Combine(_folder, "net.onnx.part"), new byte[100_000]);
        Assert.That(await File.ReadAllBytesAsync(await FetchAsync(Serve(Content))), Is.EqualTo(Content));
    }

    [Test]
    public void A_file_with_another_digest_is_refused_and_leaves_nothing()
    {
        Assert.That(() => FetchAsync(Serve([1, 2, 3])),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("digest"));
        Assert.That(Directory.GetFiles(_folder), Is.Empty);
    }

    private string Serve(byte[] content) => _server.ServePage("/net", context =>
    {
        context.Response.ContentLength = content.Length;
        return context.Response.Body.WriteAsync(content).AsTask();
    });

    private async Task<string> FetchAsync(string url, IProgress<(long, long?)>? progress = null)
    {
        var entry = new ModelEntry("net", 1, "net.onnx", "",
            url, [$"sha256:{Convert.ToHexStringLower(SHA256.HashData(Content))}"], "MIT", null, null, 320, [0, 0, 0],
            [1, 1, 1], "none");
        using var download = ModelDownload.Create();
        return await download.FetchAsync(entry, _folder, progress ?? new Watch([]), CancellationToken.None);
    }

    private sealed class Watch(List<long> seen) : IProgress<(long Bytes, long? Total)>
    {
        public void Report((long Bytes, long? Total) value) => seen.Add(value.Bytes);
    }
}
