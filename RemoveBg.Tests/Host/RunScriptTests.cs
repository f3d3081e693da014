using System.Diagnostics;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The program behind ./run, as a person starts it.</summary>
public sealed class RunScriptTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("run").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("webp", "image/webp")]
    [TestCase("png", "image/png")]
    public async Task A_photo_is_processed_end_to_end_and_its_timeline_is_printed(string format, string _)
    {
        var output = Path.Combine(_folder, $"out.{format}");
        var (code, said, complained) =
            await RunAsync(Repo.Sample("variants/mug-exif-orientation-8.jpg"), "-o", output, "--format", format);
        Assert.That(code, Is.Zero, complained);
        Assert.That(said,
            Does.Match(@"accepted [\d.]+ s, started [\d.]+ s, finished [\d.]+ s, webhook delivered [\d.]+ s"));
        var picture = Picture.Read(output);
        Assert.That((picture.Width, picture.Height), Is.EqualTo((1280, 854)));
        Assert.That(picture.MeanAlpha(), Is.InRange(0.03, 0.6));
    }

    [Test]
    public async Task Crop_shadow_background_and_size_can_be_asked_for()
    {
        var output = Path.Combine(_folder, "out.png");
        var (code, _, complained) = await RunAsync(Repo.Sample("scene-mug.jpg"), "-o", output, "--format", "png",
            "--crop", "5%", "--background", "white", "--shadow", "--size", "200");
        Assert.That(code, Is.Zero, complained);
        var picture = Picture.Read(output);
        Assert.That(Math.Max(picture.Width, picture.Height), Is.EqualTo(200));
        Assert.That(picture.MeanAlpha(), Is.EqualTo(1));
        var (wrong, _, said) = await RunAsync(Repo.Sample("scene-mug.jpg"), "--size", "3");
        Assert.That((wrong, said), Is.EqualTo(
            (1, "Not accepted: size must be a whole number from 16 to 20000: longest side, in pixels.\n")));
    }

    [Test]
    public async Task The_model_can_be_a_cascade()
    {
        var (code, _, complained) = await RunAsync(Repo.Sample("scene-mug.jpg"), "--model", "cascade");
        Assert.That(code, Is.Zero, complained);
    }

    /// <summary>ONNX Runtime would write a device id into the home folder, and complain where it cannot.</summary>
    [Test]
    public async Task Nothing_is_reported_to_the_makers_of_the_runtime()
    {
        var (code, said, complained) = await RunAsync(Repo.Sample("scene-mug.jpg"));
        Assert.That(code, Is.Zero, complained);
        Assert.That(said + complained, Does.Not.Contain("telemetry"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder, "*", SearchOption.AllDirectories)
            .Select(Path.GetFileName), Is.EqualTo(new[] { "scene-mug-cutout.webp" }));
    }

    [Test]
    public async Task Without_o_the_cut_out_is_in_the_current_folder_under_the_photos_name()
    {
        var (code, _, complained) = await RunAsync(Repo.Sample("scene-mug.jpg"));
        Assert.That(code, Is.Zero, complained);
        Assert.That(File.Exists(Path.Combine(_folder, "scene-mug-cutout.webp")), Is.True);
    }

    [Test]
    public async Task A_file_that_is_not_a_photo_exits_with_1_and_the_artworks_error()
    {
        var text = Path.Combine(_folder, "note.jpg");
        await File.WriteAllTextAsync(text, "hello");
        var (code, _, complained) = await RunAsync(text);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(complained.Trim().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(complained,
            Does.Contain("unsupported_format").And.Contain("Use JPEG, PNG, WebP, GIF, BMP, HEIC"));
    }

    [Test]
    public async Task A_missing_photo_exits_with_1_and_is_named()
    {
        var (code, _, complained) = await RunAsync("nowhere.jpg");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(complained, Does.Contain("nowhere.jpg not found"));
    }

    [Test]
    public async Task An_output_that_cannot_be_written_exits_with_1_and_is_named()
    {
        var (code, _, complained) =
            await RunAsync(Repo.Sample("scene-mug.jpg"), "-o", Path.Combine(_folder, "no-such-folder", "out.webp"));
        Assert.That(code, Is.EqualTo(1));
        Assert.That(complained.Trim().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(complained, Does.Contain("-o").And.Contain("no-such-folder"));
    }

    [Test]
    public async Task A_webhook_secret_in_the_environment_is_ignored()
    {
        Environment.SetEnvironmentVariable("RemoveBg__Webhook__Secrets",
            RemoveBg.Core.Notify.WebhookSigner.GenerateSecret());
        var (code, _, complained) = await RunAsync(Repo.Sample("scene-mug.jpg"));
        Environment.SetEnvironmentVariable("RemoveBg__Webhook__Secrets", null);
        Assert.That(code, Is.Zero, complained);
    }

    [Test]
    public async Task A_taken_port_exits_with_1_and_one_line_that_says_what_to_do()
    {
        await using var other = await Caller.StartAsync();
        var (code, _, complained) = await RunAsync("--port", $"{new Uri(other.Url).Port}");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(complained.Trim(), Is.EqualTo(
            $"Port {new Uri(other.Url).Port} is taken: stop the program that uses it, or choose another port with "
                + "--port."));
    }

    [Test]
    public async Task No_azurite_without_storage_exits_with_1_and_names_the_missing_setting()
    {
        var (code, _, complained) = await RunAsync("--no-azurite");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(complained, Does.Contain("AzureWebJobsStorage"));
    }

    [TestCase("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;TableEndpoint=http://127.0.0.1:1/a;"
        + "BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a", "does not respond")]
    [TestCase("no connection string", "not usable")]
    public async Task A_keys_command_without_storage_exits_with_1_and_one_sentence(string storage, string reason)
    {
        var (code, said, complained) = await RunOnAsync(storage, "keys", "add", "shop");
        Assert.That((code, said), Is.EqualTo((1, "")));
        Assert.That(complained.Trim().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(complained, Does.Contain("AzureWebJobsStorage").And.Contain(reason));
    }

    private Task<(int Code, string Said, string Complained)> RunAsync(params string[] arguments) => RunOnAsync(null,
        ["--offline", .. arguments.Contains("--model") ? Array.Empty<string>() : ["--model", "removebg"],
            .. arguments]);

    private async Task<(int Code, string Said, string Complained)> RunOnAsync(string? storage,
        params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = _folder };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "RemoveBg.SelfHost.dll"),
            .. arguments]) start.ArgumentList.Add(argument);
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        start.Environment["HOME"] = _folder;
        start.Environment["REMOVEBG_ROOT"] = Repo.Root;
        if (storage is null) start.Environment.Remove("AzureWebJobsStorage");
        else start.Environment["AzureWebJobsStorage"] = storage;
        using var process = Process.Start(start)!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));
        return (process.ExitCode, await said, await complained);
    }
}
