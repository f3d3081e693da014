using System.Net;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Cli.Networks;
using RemoveBg.Tests.Given;
using Spectre.Console;

namespace RemoveBg.Tests.Segmentation;

/// <summary>The choice of the network at startup. A fake internet is unreachable or returns the wrong file.</summary>
public sealed class ChooseModelTests
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private string _folder = null!;
    private StringWriter _output = null!;
    private int _requests;

    [SetUp]
    public void Prepare()
    {
        _folder = Directory.CreateTempSubdirectory("choose").FullName;
        _output = new StringWriter();
        _requests = 0;
    }

    [TearDown]
    public void CleanUp()
    {
        _output.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Without_internet_startup_uses_a_local_network_and_retries_only_the_next_day()
    {
        Assert.That((await ChooseAsync("auto", responds: false)).Entry.Name, Is.EqualTo("removebg"));
        Assert.That(_output.ToString(), Does.Contain("Download failed."));
        await ChooseAsync("auto", responds: false);
        Assert.That(_requests, Is.EqualTo(1));
        _clock.Advance(TimeSpan.FromDays(1.1));
        await ChooseAsync("auto", responds: false);
        Assert.That(_requests, Is.EqualTo(2));
    }

    [Test]
    public async Task A_download_with_a_wrong_digest_does_not_fail_startup()
    {
        Assert.That((await ChooseAsync("auto", responds: true)).Entry.Name, Is.EqualTo("removebg"));
        Assert.That(_output.ToString(), Does.Contain("digest"));
    }

    [TestCase(true, "digest")]
    [TestCase(false, "could not be downloaded")]
    public void A_network_named_explicitly_that_cannot_be_downloaded_fails_startup(bool responds, string why) =>
        Assert.That(() => ChooseAsync("u2net", responds),
            Throws.TypeOf<UserException>().With.Message.Contains("u2net").And.Message.Contains(why));

    [Test]
    public async Task Offline_startup_sends_no_request()
    {
        await ChooseAsync("auto", responds: true, isOffline: true);
        Assert.That(_requests, Is.Zero);
    }

    private async Task<FoundModel> ChooseAsync(string name, bool responds, bool isOffline = false)
    {
        var options = new ModelOptions { Name = name, Folders = Path.Combine(Repo.Root, "models"),
            Cache = Path.Combine(_folder, "cache") };
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(_output), Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No });
        console.Profile.Width = 1000;
        return await new ChooseModel(options, _folder, isOffline, () => new ModelDownload(new Internet(this, responds)),
            console, _clock).RunAsync(CancellationToken.None);
    }

    private sealed class Internet(ChooseModelTests test, bool responds) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            test._requests++;
            return responds
                ? Task.FromResult(
                    new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([1, 2, 3]) })
                : throw new HttpRequestException("no route to host");
        }
    }
}
