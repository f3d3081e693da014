using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RemoveBg.Core.Notify;
using RemoveBg.Tests.Docs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Clients;

/// <summary>Every program in the documentation and on the page works against the service.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.Children)]
public sealed class SnippetTests
{
    private static RunningHost s_host = null!;
    private string _folder = null!;

    [OneTimeSetUp]
    public static async Task Start() => s_host = await RunningHost.StartAsync();

    [OneTimeTearDown]
    public static async Task Stop() => await s_host.DisposeAsync();

    [SetUp]
    public void Folder() => _folder = Directory.CreateTempSubdirectory("removebg-snippet-").FullName;

    [TearDown]
    public void Erase() => Directory.Delete(_folder, recursive: true);

    [TestCaseSource(nameof(Clients))]
    public async Task A_client_saves_the_cut_out(object snippet)
    {
        await RunAsync((Snippet)snippet);
        var saved =
            Directory.GetFiles(_folder, "cutout.*").Single(file => !file.EndsWith(".json", StringComparison.Ordinal));
        Assert.That(Picture.Read(saved).MeanAlpha(), Is.InRange(0.02, 0.9));
    }

    [TestCaseSource(nameof(Receivers))]
    public async Task A_receiver_accepts_only_what_we_signed(object snippet)
    {
        var port = FreePort();
        using var receiver = ((Snippet)snippet).Start(_folder, Url, new Dictionary<string, string> {
            ["PORT"] = $"{port}", ["REMOVEBG_WEBHOOK_SECRET"] = s_host.Secrets.WebhookSecret });
        var said = new StringBuilder();
        receiver.OutputDataReceived += (_, line) => { lock (said) said.AppendLine(line.Data); };
        receiver.ErrorDataReceived += (_, line) => { lock (said) said.AppendLine(line.Data); };
        receiver.BeginOutputReadLine();
        receiver.BeginErrorReadLine();
        try
        {
            await Eventually.HoldsAsync(async () => receiver.HasExited || await ListensAsync(port),
                "the receiver listens");
            Assert.That(receiver.HasExited, Is.False, said.ToString());

            // 1. Forged, and genuine but old.
            using var client = new HttpClient();
            using var forged = await client.PostAsync($"http://127.0.0.1:{port}/hook",
                new StringContent("{}", Encoding.UTF8, "application/json"));
            Assert.That((int)forged.StatusCode, Is.EqualTo(401), said.ToString());
            Assert.That(await PostAsync(client, port, TimeProvider.System.GetUtcNow().AddMinutes(-10)), Is.EqualTo(401),
                "old");
            Assert.That(await PostAsync(client, port, TimeProvider.System.GetUtcNow()), Is.EqualTo(204), "genuine");

            // 2. The real thing.
            var artwork = await s_host.CutOutAsync(DataUri(), $"http://127.0.0.1:{port}/hook");
            await Eventually.HoldsAsync(async () =>
            {
                using var response =
                    await s_host.Client.GetAsync($"/v2/artworks/{artwork.Text("id")}/webhook-deliveries");
                return (await response.JsonAsync()).Text("status") == "delivered";
            }, "the webhook is delivered");
            await Eventually.HoldsAsync(() =>
            {
                lock (said)
                    return said.ToString().Contains($"{artwork.Text("id")} succeeded", StringComparison.Ordinal);
            }, "the receiver prints it");
        }
        finally
        {
            receiver.Kill(entireProcessTree: true);
            await receiver.WaitForExitAsync();
        }
    }

    private static IEnumerable<TestCaseData> Clients() =>
        FencedBlock.Documents.SelectMany(Snippet.In)
            .Where(snippet => !IsReceiver(snippet) && !IsExport(snippet))
            .Concat(OfPage())
            .Select((snippet, number) => new TestCaseData(snippet).SetArgDisplayNames($"{number + 1} {snippet}"));

    private static IEnumerable<TestCaseData> Receivers() =>
        FencedBlock.Documents.SelectMany(Snippet.In).Where(IsReceiver)
            .Select(snippet => new TestCaseData(snippet).SetArgDisplayNames(snippet.ToString()));

    /// <summary>Whether <see cref="Segmentation.OwnNetworkTests"/> runs it.</summary>
    private static bool IsExport(Snippet snippet) =>
        snippet.Code.Contains("torch.onnx.export", StringComparison.Ordinal);

    private static bool IsReceiver(Snippet snippet) =>
        snippet.Code.Contains("REMOVEBG_WEBHOOK_SECRET", StringComparison.Ordinal);

    /// <summary>Snippets that the page shows after an upload and after a URL. The page's module makes them in Node as
    /// in a browser.</summary>
    private static List<Snippet> OfPage()
    {
        const string ask = """
            const { snippets } = await import(process.argv[1]);
            const url = "http://127.0.0.1:7071";
            console.log(JSON.stringify([
              snippets({
                url, file: "samples/scene-toycar.jpg", fields: { outputFormat: "png", crop: true, size: 300 },
              }),
              snippets({
                url, file: null,
                fields: { imageUrl: `${url}/assets/scene-toycar.jpg`, outputFormat: "webp", shadow: true },
              }),
            ]));
            """;
        using var node = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("node",
            ["--input-type=module", "-e", ask, Path.Combine(Repo.Root, "RemoveBg.Functions/Web/assets/snippets.js")]) {
            RedirectStandardOutput = true, RedirectStandardError = true })!;
        var kinds = JsonDocument.Parse(node.StandardOutput.ReadToEnd()).RootElement;
        return
        [
            .. from kind in kinds.EnumerateArray()
               from language in kind.EnumerateObject()
               select new Snippet("page", language.Name switch { "curl" => "bash", "JavaScript" => "js",
                   "Python" => "python", _ => "csharp" }, language.Value.GetString()! + "\n"),
        ];
    }

    private static string Url => s_host.Client.BaseAddress!.AbsoluteUri.TrimEnd('/');

    private async Task RunAsync(Snippet snippet)
    {
        using var process =
            snippet.Start(_folder, Url, new Dictionary<string, string> { ["REMOVEBG_KEY"] = s_host.Secrets.ApiKey });
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        Assert.That(process.ExitCode, Is.Zero, $"{await output}{await errors}\n{snippet.Code}");
    }

    private static async Task<int> PostAsync(HttpClient client, int port, DateTimeOffset at)
    {
        const string id = "evt_test", body = """{"id":"x","status":"canceled","results":[]}""";
        using var request = new HttpRequestMessage(HttpMethod.Post,
            $"http://127.0.0.1:{port}/hook") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add(WebhookSigner.IdHeader, id);
        request.Headers.Add(WebhookSigner.TimestampHeader, $"{at.ToUnixTimeSeconds()}");
        request.Headers.Add(WebhookSigner.SignatureHeader, WebhookSigner.Sign(
            [WebhookSigner.KeyOf(s_host.Secrets.WebhookSecret)], id, at, Encoding.UTF8.GetBytes(body)));
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string DataUri() =>
        "data:image/jpeg;base64," + Convert.ToBase64String(File.ReadAllBytes(Repo.Sample("scene-toycar.jpg")));
}
