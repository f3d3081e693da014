using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Artworks;
using RemoveBg.SelfHost.Cli.Cut;
using RemoveBg.SelfHost.Cli.Cut.Report;
using RemoveBg.SelfHost.Cli.Cut.Write;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary><c>removebg cut --watch</c>: its lists with a fake clock, and all of it as a process.</summary>
public sealed class WatchTests : ToolTests
{
    [SetUp]
    public void Prepare()
    {
        Directory.CreateDirectory(Tool.Path("inbox"));
    }

    [Test]
    public async Task A_photo_is_taken_when_it_no_longer_grows_once_and_again_after_a_change()
    {
        await using var watch = new Watch(Tool);
        var photo = Tool.Path("inbox", "a.jpg");

        await File.WriteAllTextAsync(photo, "1");
        Assert.That(await watch.TickAsync(), Is.Empty, "seen for the first time");
        await File.AppendAllTextAsync(photo, "2");
        Assert.That(await watch.TickAsync(), Is.Empty, "it has grown");
        Assert.That(await watch.TickAsync(), Is.EqualTo(new[] { "a.jpg" }));
        Assert.That(await watch.TickAsync(), Is.Empty, "done");

        await File.AppendAllTextAsync(photo, "3");
        await watch.TickAsync();
        Assert.That(await watch.TickAsync(), Is.EqualTo(new[] { "a.jpg" }));
    }

    [Test]
    public async Task An_empty_file_and_a_photo_with_a_result_are_left_alone()
    {
        await using var watch = new Watch(Tool);
        await File.WriteAllTextAsync(Tool.Path("inbox", "empty.jpg"), "");
        await File.WriteAllTextAsync(Tool.Path("inbox", "done.jpg"), "1");
        Directory.CreateDirectory(Tool.Path("out"));
        await File.WriteAllTextAsync(Tool.Path("out", "done.webp"), "mine");
        for (var tick = 0; tick < 3; tick++) Assert.That(await watch.TickAsync(), Is.Empty);
    }

    [Test]
    public async Task A_photo_whose_result_is_that_of_another_photo_fails()
    {
        await using var watch = new Watch(Tool);
        await watch.AddAsync("a.jpg");
        await File.WriteAllTextAsync(Tool.Path("out", "a.webp"), "the result of a.jpg");
        await watch.AddAsync("a.png");
        var (first, second) = (Tool.Path("inbox", "a.jpg"), Tool.Path("inbox", "a.png"));
        Assert.That(watch.Errors, Does.Contain($"{second}: {Tool.Path("out")}/a.webp is the result of {first}."));
    }

    [Test]
    public async Task The_folder_of_the_results_is_made_again()
    {
        await using var watch = new Watch(Tool);
        await watch.AddAsync("a.jpg");
        Directory.Delete(Tool.Path("out"));
        await watch.AddAsync("b.jpg");
        Assert.That(Tool.Path("out"), Does.Exist);
    }

    [Test]
    public async Task A_watched_folder_that_vanishes_is_reported_once()
    {
        await using var watch = new Watch(Tool);
        Directory.Delete(Tool.Path("inbox"));
        for (var tick = 0; tick < 3; tick++) await watch.TickAsync();
        Directory.CreateDirectory(Tool.Path("inbox"));
        await watch.TickAsync();
        Directory.Delete(Tool.Path("inbox"));
        await watch.TickAsync();
        Assert.That(watch.Errors.Split('\n').Count(line => line.Contains("no such file or folder.",
            StringComparison.Ordinal)), Is.EqualTo(2), "once each time that it is gone");
    }

    [Test]
    public async Task Photos_are_cut_out_as_they_come_until_ctrl_c()
    {
        using var process = Tool.StartForCtrlC("inbox", "-o", "out", "--watch", "--json");
        Assert.That(await process.StandardError.ReadLineAsync(),
            Is.EqualTo("removebg: watching inbox; Ctrl-C ends it"));
        Tool.Sample(to: "inbox/a.jpg");
        Assert.That(await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)),
            Does.StartWith("""{"input":"inbox/a.jpg","output":"out/a.webp","status":"succeeded","width":1280"""));
        HostProcess.Signal(process.Id, "INT");
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That((process.ExitCode, await process.StandardOutput.ReadToEndAsync()), Is.EqualTo((0, "")));
        Assert.That(await process.StandardError.ReadToEndAsync(),
            Does.Match(@"^removebg: 1 photo cut out \(\d+\.\d s\)\n$"));
        Assert.That(Tool.Files("out"), Is.EqualTo(new[] { "out/a.webp" }));
    }

    /// <summary>A watch whose clock stands still between ticks.</summary>
    private sealed class Watch : IAsyncDisposable
    {
        private readonly FakeTimeProvider _clock = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly SemaphoreSlim _listed = new(0);
        private readonly List<string> _taken = [];
        private readonly StringWriter _errors = new();
        private readonly ToolProcess _tool;
        private readonly Task _running;

        public Watch(ToolProcess tool)
        {
            _tool = tool;
            string[] photos = [tool.Path("inbox")];
            var output = tool.Path("out") + "/";
            var report = new CutReport(null, _errors, null, isQuiet: false, _clock);
            _running = new WatchPhotos(new CutRequest { Photos = photos, Watch = true, Output = output },
                OutputPlan.For(output, OutputFormat.Auto, photos, 0), all =>
                {
                    _taken.AddRange(all.Select(it => Path.GetFileName(it.Photo.Shown)));
                    _listed.Release();
                    return Task.CompletedTask;
                }, report, _clock).RunAsync(_stop.Token);
        }

        /// <summary>All that was printed so far.</summary>
        public string Errors => _errors.ToString();

        /// <summary>Puts a photo into the folder, and waits until it has been seen twice.</summary>
        public async Task AddAsync(string name)
        {
            await File.WriteAllTextAsync(_tool.Path("inbox", name), name);
            await TickAsync();
            await TickAsync();
        }

        /// <returns>Photos that are taken after one more pause.</returns>
        public async Task<IReadOnlyList<string>> TickAsync()
        {
            _taken.Clear();
            _clock.Advance(WatchPhotos.Pause);
            Assert.That(await _listed.WaitAsync(TimeSpan.FromSeconds(60)), Is.True, "the folder was listed");
            return [.. _taken];
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
            _listed.Dispose();
            await _errors.DisposeAsync();
        }
    }
}
