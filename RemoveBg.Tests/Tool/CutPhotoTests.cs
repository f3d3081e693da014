using RemoveBg.Core.Artworks;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Cli.Cut;
using RemoveBg.SelfHost.Cli.Cut.Engines;
using RemoveBg.SelfHost.Cli.Cut.Find;
using RemoveBg.SelfHost.Cli.Cut.Write;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary>One photo, with an engine that fails.</summary>
public sealed class CutPhotoTests
{
    [Test]
    public async Task A_fault_of_the_program_fails_the_photo_in_one_line_that_names_it()
    {
        var outcome = await CutAsync(new InvalidOperationException("two\nlines"));
        Assert.That((outcome.Status, outcome.Error!.Code, outcome.Error.Message), Is.EqualTo(("failed",
            "internal_error", "a fault of the program, please report it: InvalidOperationException: two lines")));
    }

    [Test]
    public void What_every_photo_would_meet_and_ctrl_c_end_the_command()
    {
        Assert.That(() => CutAsync(new UserException("no model")), Throws.TypeOf<UserException>());
        Assert.That(() => CutAsync(new OperationCanceledException()), Throws.TypeOf<OperationCanceledException>());
    }

    /// <summary>The check before the work cannot know it.</summary>
    [Test]
    public async Task A_file_that_appears_during_the_work_is_kept_and_nothing_else_is_left()
    {
        using var folder = new TemporaryFolder();
        var output = Path.Combine(folder.Path, "out.png");
        var plan = OutputPlan.For(output, OutputFormat.Auto, ["photo.jpg"], 1);
        var outcome = await new CutPhoto(new Meanwhile(output), plan, new() { Photos = ["photo.jpg"] })
            .RunAsync(new(Photo.FromFile("photo.jpg"), output), CancellationToken.None);
        Assert.That((outcome.Status, outcome.Error!.Code), Is.EqualTo(("failed", "output_exists")));
        Assert.That(await File.ReadAllTextAsync(output), Is.EqualTo("mine"));
        Assert.That(Directory.GetFiles(folder.Path), Is.EqualTo(new[] { output }));
    }

    private static async Task<SelfHost.Cli.Cut.Report.PhotoOutcome> CutAsync(Exception problem)
    {
        var plan = OutputPlan.For("out.png", OutputFormat.Auto, ["photo.jpg"], 1);
        return await new CutPhoto(new Broken(problem), plan, new() { Photos = ["photo.jpg"] })
            .RunAsync(new(Photo.FromFile("photo.jpg"), "out.png"), CancellationToken.None);
    }

    private sealed class Meanwhile(string output) : ICutter
    {
        public async Task<CutOutFile> CutAsync(Photo photo, CancellationToken cancellationToken)
        {
            await File.WriteAllTextAsync(output, "mine", cancellationToken);
            return new(new byte[] { 1 }, ResultTypes.Png, 1, 1, null);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Broken(Exception problem) : ICutter
    {
        public Task<CutOutFile> CutAsync(Photo photo, CancellationToken cancellationToken) =>
            Task.FromException<CutOutFile>(problem);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
