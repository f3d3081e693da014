using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary>Wrong settings and damaged files end a command with one sentence that names them.</summary>
public sealed class SettingTests : ToolTests
{
    private const string Start = "the service cannot start with its settings: ";
    private const string NoNumber = "Failed to convert configuration value 'abc' at 'RemoveBg:";

    [TestCase("serve --offline --port 0", "AzureWebJobsStorage", "garbage", Start)]
    [TestCase("sweep", "AzureWebJobsStorage", "garbage", Start)]
    [TestCase("serve --offline --port 0", "RemoveBg__Process__Concurrency", "abc", NoNumber + "Process:Concurrency'")]
    [TestCase("networks list", "RemoveBg__Model__Threads", "abc", NoNumber + "Model:Threads'")]
    [TestCase("photo.jpg -o out.png", "RemoveBg__Model__Threads", "abc", NoNumber + "Model:Threads'")]
    [TestCase("serve --offline --port 0", "RemoveBg__Cors__Origins", "garbage", "RemoveBg:Cors:Origins")]
    [TestCase("serve --offline --port 0", "Kestrel__Endpoints__A__Url", "garbage",
        Start)]
    [TestCase("serve --offline --port 0", "Logging__LogLevel__Default", "loud",
        Start)]
    [TestCase("serve --offline --port 0", "DOTNET_ENVIRONMENT", "Production",
        "RemoveBg:Webhook:Secrets is missing: set it to whsec_ and 24 to 64 random bytes in base64")]
    public async Task A_wrong_setting_ends_a_command_with_one_line(string command, string name, string value,
        string says)
    {
        Tool.Sample(to: "photo.jpg");
        Tool.Environment["AzureWebJobsStorage"] = Storage.NewAccount();
        Tool.Environment["DOTNET_ENVIRONMENT"] = "Development";
        Tool.Environment["REMOVEBG_ROOT"] = Tool.Environment["XDG_DATA_HOME"] = Tool.Folder;
        Tool.Environment[name] = value;
        var result = await Tool.RunAsync(command.Split(' '));
        Assert.Multiple(() =>
        {
            Assert.That(result.Code, Is.AnyOf(1, 2));
            Assert.That(result.Errors, Does.StartWith($"removebg: {says}"));
            Assert.That(result.Errors.TrimEnd(), Does.Not.Contain('\n'), "one line");
        });
    }

    [TestCase("serve --offline --port 0")]
    [TestCase("keys list")]
    public async Task A_data_folder_that_cannot_be_made_is_named(string command)
    {
        await File.WriteAllTextAsync(Tool.Path("file"), "");
        Tool.Environment["REMOVEBG_ROOT"] = Tool.Folder;
        Tool.Environment["XDG_DATA_HOME"] = Tool.Path("file");
        var result = await Tool.RunAsync(command.Split(' '));
        var folder = Tool.Path("file", "removebg");
        Assert.That((result.Code, result.Errors), Is.EqualTo((1, $"removebg: the folder {folder} for keys and storage "
            + $"cannot be written: {Tool.Path("file")} is a file. Set XDG_DATA_HOME to another folder, or "
            + "AzureWebJobsStorage to other storage.\n")));
    }

    [TestCase("")]
    [TestCase("{\"ApiKey\": \"rbg")]
    [TestCase("{}")]
    public async Task Damaged_development_secrets_are_named_and_left_alone(string content)
    {
        var file = Tool.Path("development.json");
        await File.WriteAllTextAsync(file, content);
        var refusal = Assert.ThrowsAsync<UserException>(() =>
            DevelopmentSecrets.LoadOrCreateAsync(Tool.Folder, CancellationToken.None))!;
        Assert.Multiple(() =>
        {
            Assert.That(refusal.Message, Is.EqualTo(
                $"{file} is damaged: delete it, and the next start makes a new key and secret."));
            Assert.That(File.ReadAllText(file), Is.EqualTo(content));
        });
    }

    [Test]
    public async Task Programs_that_start_at_once_have_the_same_secrets_for_their_owner_alone()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
            DevelopmentSecrets.LoadOrCreateAsync(Tool.Path("data"), CancellationToken.None))));
        Assert.Multiple(() =>
        {
            Assert.That(all.Distinct(), Has.Exactly(1).Items);
            Assert.That(Tool.Files(), Is.EqualTo(new[] { "data/development.json" }));
            if (!OperatingSystem.IsWindows())
                Assert.That(File.GetUnixFileMode(Tool.Path("data", "development.json")),
                    Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        });
    }

    [Test]
    public async Task A_network_file_that_is_cut_short_is_named()
    {
        var file = Tool.Path("removebg.onnx");
        var whole = await File.ReadAllBytesAsync(Path.Combine(Repo.Root, "models", "removebg.onnx"));
        await File.WriteAllBytesAsync(file, whole[..10_000]);
        Assert.That(() => Segmenter.Open(new(ModelManifest.Shipped.Find("removebg")!, file), new()),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(
                $"{file} is no network that ONNX Runtime can load, or it is damaged: "));
    }
}
