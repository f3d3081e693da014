using System.Net;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Segmentation;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Cli.Models;
using RemoveBg.Tests.Given;
using Spectre.Console;

namespace RemoveBg.Tests.Segmentation;

/// <summary>The choice of the network at start. The internet is a double: it does not answer, or
/// answers with something else.</summary>
public sealed class ChooseModelTests
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private string _folder = null!;
    private StringWriter _said = null!;
    private int _asked;

    [SetUp]
    public void Prepare()
    {
        _folder = Directory.CreateTempSubdirectory("choose").FullName;
        _said = new StringWriter();
        _asked = 0;
    }

    [TearDown]
    public void CleanUp()
    {
        _said.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Without_internet_the_start_goes_on_with_what_is_here_and_asks_again_only_the_next_day()
    {
        Assert.That((await ChooseAsync("auto", answers: false)).Entry.Name, Is.EqualTo("removebg-lite"));
        Assert.That(_said.ToString(), Does.Contain("The internet does not answer."));
        await ChooseAsync("auto", answers: false);
        Assert.That(_asked, Is.EqualTo(1));
        _clock.Advance(TimeSpan.FromDays(1.1));
        await ChooseAsync("auto", answers: false);
        Assert.That(_asked, Is.EqualTo(2));
    }

    [Test]
    public async Task A_download_that_is_not_what_the_manifest_promises_does_not_stop_the_start()
    {
        Assert.That((await ChooseAsync("auto", answers: true)).Entry.Name, Is.EqualTo("removebg-lite"));
        Assert.That(_said.ToString(), Does.Contain("digest is not in the manifest"));
    }

    [TestCase(true, "digest")]
    [TestCase(false, "could not be fetched")]
    public void A_network_that_was_asked_for_by_name_and_cannot_be_had_stops_the_start(bool answers, string why) =>
        Assert.That(() => ChooseAsync("u2net", answers),
            Throws.TypeOf<UserException>().With.Message.Contains("u2net").And.Message.Contains(why));

    [Test]
    public async Task Offline_nobody_is_asked()
    {
        await ChooseAsync("auto", answers: true, isOffline: true);
        Assert.That(_asked, Is.Zero);
    }

    private async Task<FoundModel> ChooseAsync(string name, bool answers, bool isOffline = false)
    {
        var options = new ModelOptions { Name = name, Folders = Path.Combine(Repo.Root, "models"),
            Cache = Path.Combine(_folder, "cache") };
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(_said), Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No });
        console.Profile.Width = 1000;
        return await new ChooseModel(options, _folder, isOffline, () => new ModelDownload(new Internet(this, answers)),
            console, _clock).RunAsync(CancellationToken.None);
    }

    private sealed class Internet(ChooseModelTests test, bool answers) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            test._asked++;
            return answers
                ? Task.FromResult(
                    new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([1, 2, 3]) })
                : throw new HttpRequestException("no route to host");
        }
    }
}
