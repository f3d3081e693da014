using System.Diagnostics;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;
using RemoveBg.Core.Notify;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The Dockerfile's image without a container engine: the published folder with the image's commands,
/// variables and user, on a read-only root file system with a /tmp of its own.</summary>
[Platform("Linux")]
public sealed class ImageTests
{
    /// <summary>APP_UID of the base image.</summary>
    private const string User = "1654";

    private static readonly string Dockerfile = File.ReadAllText(Path.Combine(Repo.Root, "Dockerfile"));

    private static readonly string Folder = Path.Combine(Repo.Root, "artifacts", "image");

    [OneTimeSetUp]
    public async Task PublishAsync()
    {
        using var probe = Process.Start(new ProcessStartInfo("unshare", ["--mount", "true"]) {
            RedirectStandardError = true })!;
        await probe.WaitForExitAsync();
        if (probe.ExitCode != 0) Assert.Ignore("needs root, and a machine that allows mount namespaces");
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
        // The Dockerfile's command, but what the build of the tests has built.
        var (code, output) = await Dotnet.RunAsync(Repo.Root, [], ["publish", "RemoveBg.SelfHost", "-c", "Release",
            "-o", Folder, "--no-restore", "-nologo", "-v", "minimal", .. Dotnet.NoServer]);
        Assert.That(code, Is.Zero, output);
    }

    [Test]
    public async Task It_cuts_out_photos_where_only_tmp_can_be_written_and_ends_when_told()
    {
        var storage = Storage.NewAccount();
        using var process = Start(storage, [.. Words("ENTRYPOINT"), .. Words("CMD").Select(word =>
            word == $"{ContainerRules.Port}" ? "0" : word)]);
        var errors = process.StandardError.ReadToEndAsync();
        Uri? address = null;
        while (address is null && await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.StartsWith("READY ", StringComparison.Ordinal)) address = new(line["READY ".Length..]);
        if (address is null) Assert.Fail(await errors);
        var rest = process.StandardOutput.ReadToEndAsync();

        using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{address!.Port}") };
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await StoredKeys.AddAsync(storage, 1))[0]);
        client.DefaultRequestHeaders.Add("Prefer", "wait=60");
        // The second one is decoded by a process of its own.
        foreach (var photo in new[] { Repo.Sample("scene-mug.jpg"),
            Path.Combine(Repo.Root, "RemoveBg.Tests", "Given", "Heif", "mug.heic") })
        {
            using var form = new MultipartFormDataContent();
            using var file = new ByteArrayContent(await File.ReadAllBytesAsync(photo));
            file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(file, "image", Path.GetFileName(photo));
            using var response = await client.PostAsync("/v2/artworks/remove-background", form);
            var artwork = await response.JsonAsync();
            Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"), $"{photo}: {artwork}");
            var result = await new HttpClient().GetByteArrayAsync(artwork.GetProperty("results")[0].GetString());
            Assert.That(Picture.Read(result).MeanAlpha(), Is.InRange(0.03, 0.6), photo);
        }
        using (var check = Start(storage, [.. Words("HEALTHCHECK"), "--port", $"{address.Port}"]))
        {
            await check.WaitForExitAsync();
            Assert.That(check.ExitCode, Is.Zero);
        }

        var written = Directory.EnumerateFileSystemEntries($"/proc/{process.Id}/root/tmp").Select(Path.GetFileName);
        TestContext.Out.WriteLine($"in /tmp: {string.Join(", ", written)}");

        HostProcess.Signal(process.Id, "TERM");
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That((process.ExitCode, await errors), Is.EqualTo((0, "")), await rest);
    }

    /// <summary>The confinement itself: beside the program, at the root and in homes.</summary>
    [TestCase("touch /mnt/x")]
    [TestCase("touch /x")]
    [TestCase("touch /root/x")]
    [TestCase("mkdir /home/app")]
    public async Task Nothing_else_can_be_written(string command)
    {
        using var process = Start("", command.Split(' '));
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Not.Zero);
        using var allowed = Start("", ["touch", "/tmp/x"]);
        await allowed.WaitForExitAsync();
        Assert.That(allowed.ExitCode, Is.Zero);
    }

    [Test]
    public void It_has_the_model_and_no_shell_is_needed()
    {
        Assert.That(Path.Combine(Folder, "models", "removebg.onnx"), Does.Exist);
        foreach (var instruction in new[] { "ENTRYPOINT", "CMD", "HEALTHCHECK" })
            Assert.That(Words(instruction), Is.Not.Empty, "words in JSON, which no shell parses");
        Assert.That(Dockerfile, Does.Contain("\nUSER $APP_UID\n").And.Contain($"\nEXPOSE {ContainerRules.Port}\n"));
    }

    /// <summary>All platforms together have 700 MB more.</summary>
    [Test]
    public void It_has_native_libraries_for_its_own_platform_only()
    {
        var own = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        Assert.That(Directory.GetDirectories(Path.Combine(Folder, "runtimes")).Select(Path.GetFileName),
            Is.EqualTo(new[] { own }));
        var bytes = Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
            .Sum(file => new FileInfo(file).Length);
        TestContext.Out.WriteLine($"{bytes / 1e6:0} MB");
        Assert.That(bytes, Is.LessThan(180_000_000));
    }

    /// <summary>Runs a command as the image does: /mnt stands for its /app.</summary>
    private static Process Start(string storage, IEnumerable<string> command)
    {
        var start = new ProcessStartInfo("unshare", ["--mount", "sh", "-c", """
            mount --bind "$1" /mnt && mount -o remount,bind,ro /mnt && mount -o remount,bind,ro / &&
              mount -t tmpfs -o mode=1777 tmpfs /tmp && cd /mnt && shift && exec "$@"
            """, "image", Folder, "setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", "--no-new-privs",
            "--bounding-set=-all", "env", "-i", $"PATH={Environment.GetEnvironmentVariable("PATH")}",
            $"AzureWebJobsStorage={storage}", $"RemoveBg__Webhook__Secrets={WebhookSigner.GenerateSecret()}",
            .. Variables(), .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    /// <summary>Words of an instruction in JSON.</summary>
    private static string[] Words(string instruction)
    {
        var line = Dockerfile.Split('\n').Last(line => line.StartsWith(instruction, StringComparison.Ordinal));
        return JsonSerializer.Deserialize<string[]>(line[line.IndexOf('[', StringComparison.Ordinal)..])!;
    }

    /// <summary>The instruction ENV, as name=value.</summary>
    private static IEnumerable<string> Variables()
    {
        var from = Dockerfile.IndexOf("\nENV ", StringComparison.Ordinal) + "\nENV ".Length;
        return Dockerfile[from..Dockerfile.IndexOf("\n#", from, StringComparison.Ordinal)].Replace("\\\n", " ",
            StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }
}
