using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.SelfHost.Cli.Cut.Engines;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary><c>removebg cut --server</c> against a service on loopback.</summary>
public sealed class ServerTests : ToolTests
{
    private RunningHost _host = null!;

    [OneTimeSetUp]
    public async Task Start() => _host = await RunningHost.StartAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [SetUp]
    public void Prepare()
    {
        Tool.Environment["REMOVEBG_KEY"] = _host.Secrets.ApiKey;
    }

    private string Url => _host.Client.BaseAddress!.ToString();

    [Test]
    public async Task Files_are_sent_with_their_options_and_the_results_are_written()
    {
        var result = await Tool.RunAsync(Tool.Sample(), "-o", "out/", "--server", Url, "--format", "png", "--size",
            "200", "--background", Tool.Sample("scene-chair.jpg"), "--json");
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(result.Text, Does.StartWith("""
            {"input":"scene-mug.jpg","output":"out/scene-mug.png","status":"succeeded","width":200,"height":133,
            """));
        var picture = Picture.Read(Tool.Path("out", "scene-mug.png"));
        Assert.That((picture.Width, picture.MeanAlpha()), Is.EqualTo((200, 1.0)));
    }

    [Test]
    public async Task A_url_is_fetched_by_the_service_and_its_failure_is_the_photos()
    {
        await using var source = await Caller.StartAsync();
        var result = await Tool.RunAsync(source.Serve(Repo.Sample("scene-mug.jpg")), source.Url + "/missing.jpg",
            "-o", "out", "--server", Url, "--json");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "out/scene-mug.webp" }), result.Errors);
        Assert.That(result.Text, Does.Contain("image_unreachable").And.Contain("its server answered 404"));
    }

    [Test]
    public async Task A_server_that_is_no_service_and_a_key_that_is_none_say_so()
    {
        await using var other = await Caller.StartAsync();
        var page = await Tool.RunAsync(Tool.Sample(), "-o", "out.png", "--server", other.Url + "/hook");
        Assert.That(page.Code, Is.EqualTo(1));
        Assert.That(page.Errors, Does.Not.Contain("fault of the program"));
        var plain = await Tool.RunAsync("scene-mug.jpg", "-o", "out.png", "--server",
            Url.Replace("http:", "https:", StringComparison.Ordinal));
        Assert.That(plain.Code, Is.EqualTo(1));
        Assert.That(plain.Errors, Does.Contain("Check --server").And.Not.Contain("inner"));
        Tool.Environment["REMOVEBG_KEY"] = "rbg_one\nrbg_two";
        var key = await Tool.RunAsync("scene-mug.jpg", "-o", "out.png", "--server", Url);
        Assert.That((key.Code, key.Errors), Is.EqualTo((2,
            "removebg: REMOVEBG_KEY is no API key: it has blanks, or letters that no key has.\n")));
    }

    [Test]
    public async Task A_wrong_key_and_a_missing_service_say_what_to_do()
    {
        Tool.Environment["REMOVEBG_KEY"] = "rbg_wrong";
        var refused = await Tool.RunAsync(Tool.Sample(), "-o", "out.png", "--server", Url);
        Assert.That(refused.Code, Is.EqualTo(1));
        Assert.That(refused.Errors,
            Does.StartWith("removebg: scene-mug.jpg: the service refuses the key in REMOVEBG_KEY: "));
        var missing = await Tool.RunAsync("scene-mug.jpg", "-o", "out.png", "--server", "http://127.0.0.1:1");
        Assert.That(missing.Code, Is.EqualTo(1));
        Assert.That(missing.Errors.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(1));
        Assert.That(missing.Errors, Does.EndWith("Check --server, and that the service runs.\n"));
    }

    /// <summary>Without this, an option that is new in the API would work here and be lost on the way to a
    /// service.</summary>
    [Test]
    public void Every_option_is_passed_on()
    {
        var wanted = new CutOutOptions
        {
            Crop = true, CropMargin = Margin.TryParse("5%"), Scale = Scale.TryParse("50%"),
            Position = Position.TryParse("center"), Roi = Region.TryParse("0 0 10 10"),
            Background = Background.TryParse("blur"), BackgroundBlur = 5, Shadow = true, Size = 100, Megapixels = 2,
            Channels = Channels.Alpha, Model = "auto", RequireForeground = true,
        };
        var sent = ServerCutter.OptionsFor(new(wanted, OutputFormat.Png, null));
        foreach (var name in CutOutOptions.Names)
        {
            var property = char.ToUpperInvariant(name[0]) + name[1..];
            var (here, there) = (typeof(CutOutOptions).GetProperty(property)!.GetValue(wanted),
                typeof(RemoveBg.Client.Options).GetProperty(property)!.GetValue(sent));
            Assert.That(here, Is.Not.Null, $"{name}: this test gives it no value");
            var text = here!.GetType().GetProperty("Text")?.GetValue(here) ?? here;
            Assert.That($"{there}", Is.EqualTo($"{text}"), name);
        }
        Assert.That(sent.OutputFormat, Is.EqualTo(RemoveBg.Client.OutputFormat.Png));
    }
}
