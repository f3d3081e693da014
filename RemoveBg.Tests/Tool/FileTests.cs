using System.Diagnostics;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Cli.Cut.Find;
using RemoveBg.SelfHost.Cli.Cut.Report;
using RemoveBg.SelfHost.Cli.Cut.Write;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary>Photos and results in unusual places: links, pipes, long names, folders in a circle.</summary>
[Platform(Exclude = "Win", Reason = "pipes have names, and links need rights there")]
public sealed class FileTests : ToolTests
{
    private const string NoPhoto = "no photo";

    [TestCase("photos/photo.png", "link/photo.png")]
    [TestCase("photos", "link")]
    [TestCase("photos/photo.png", "alias.png")]
    public async Task A_photo_behind_a_link_is_not_replaced_by_its_own_result(string photo, string output)
    {
        Directory.CreateDirectory(Tool.Path("photos"));
        await File.WriteAllTextAsync(Tool.Path("photos", "photo.png"), NoPhoto);
        Directory.CreateSymbolicLink(Tool.Path("link"), "photos");
        File.CreateSymbolicLink(Tool.Path("alias.png"), Tool.Path("link", "photo.png"));
        var result = await Tool.RunAsync(photo, "-o", output, "--force", "--format", "png");
        Assert.Multiple(() =>
        {
            Assert.That((result.Code, result.Errors), Is.EqualTo((2,
                "removebg: photos/photo.png would be replaced by its own result: give another --output.\n")));
            Assert.That(File.ReadAllText(Tool.Path("photos", "photo.png")), Is.EqualTo(NoPhoto));
        });
    }

    [Test]
    public async Task Two_names_of_one_result_are_refused()
    {
        Directory.CreateDirectory(Tool.Path("a", "out"));
        Directory.CreateDirectory(Tool.Path("b"));
        Directory.CreateSymbolicLink(Tool.Path("b", "out"), Tool.Path("a", "out"));
        foreach (var folder in new[] { "a", "b" }) await File.WriteAllTextAsync(Tool.Path(folder, "x.jpg"), NoPhoto);
        var result = await Tool.RunAsync("a/x.jpg", "b/x.jpg", "-o", "{folder}/out/{name}.png");
        Assert.That((result.Code, result.Errors), Is.EqualTo((2, "removebg: a/x.jpg and b/x.jpg would both become "
            + "a/out/x.png. Give a pattern with {dir} or {folder}.\n")));
    }

    [Test]
    public async Task A_pipe_is_not_replaced_by_a_result()
    {
        await File.WriteAllTextAsync(Tool.Path("photo.jpg"), NoPhoto);
        await MakePipeAsync("pipe.png");
        var result = await Tool.RunAsync("photo.jpg", "-o", "pipe.png", "--force");
        Assert.That((result.Code, result.Errors), Is.EqualTo((2, "removebg: pipe.png is a device or a pipe, not a "
            + "file: name another result, or - for standard output.\n")));
    }

    [Test]
    public void Files_in_shared_memory_may_be_replaced_and_devices_may_not()
    {
        Assert.That(ResultFile.IsReplaceable("/dev/null"), Is.False);
        if (!Directory.Exists("/dev/shm")) return;
        var file = $"/dev/shm/{Guid.NewGuid():N}.png";
        File.WriteAllText(file, NoPhoto);
        try
        {
            Assert.That(ResultFile.IsReplaceable(file), Is.True);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>255 bytes are the longest name of the usual file systems; a name beside it must not need
    /// more.</summary>
    [Test]
    public async Task Photos_with_the_longest_names_are_cut_out_side_by_side()
    {
        string[] names = [.. Enumerable.Range(0, 3).Select(n => new string('x', 249) + n), new string('名', 83)];
        foreach (var name in names) Tool.Sample(to: $"in/{name}.jpg");
        var result = await Tool.RunAsync("in", "-o", "out/", "--format", "png", "--jobs", "4");
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(Tool.Files("out"), Is.EquivalentTo(names.Select(name => $"out/{name}.png")));
    }

    [Test]
    public async Task Folders_that_link_to_each_other_are_searched_once()
    {
        foreach (var folder in new[] { "all/one", "all/two" })
        {
            Directory.CreateDirectory(Tool.Path(folder));
            await File.WriteAllTextAsync(Tool.Path(folder, "photo.jpg"), NoPhoto);
        }
        Directory.CreateSymbolicLink(Tool.Path("all", "up"), ".");
        Directory.CreateSymbolicLink(Tool.Path("all", "up too"), Tool.Path("all"));
        Directory.CreateSymbolicLink(Tool.Path("all", "one", "other"), "../two");
        Directory.CreateSymbolicLink(Tool.Path("all", "two", "other"), "../one");
        var search = FolderSearch.Run(Tool.Path("all"), recursive: true);
        Assert.Multiple(() =>
        {
            Assert.That(search.Unreadable, Is.Empty);
            Assert.That(search.Files.Select(RealPath.Of).Distinct(), Has.Exactly(2).Items);
            Assert.That(search.Files, Has.Count.LessThanOrEqualTo(6), "a link is entered once");
        });
    }

    [Test]
    public async Task A_linked_folder_is_searched()
    {
        Directory.CreateDirectory(Tool.Path("elsewhere"));
        await File.WriteAllTextAsync(Tool.Path("elsewhere", "photo.jpg"), NoPhoto);
        Directory.CreateDirectory(Tool.Path("all"));
        Directory.CreateSymbolicLink(Tool.Path("all", "link"), Tool.Path("elsewhere"));
        Assert.That(FolderSearch.Run(Tool.Path("all"), recursive: true).Files,
            Is.EqualTo(new[] { Tool.Path("all", "link", "photo.jpg") }));
    }

    /// <summary>A folder that cannot be read would hide its photos. Root may read any; one that vanishes meets the same
    /// code.</summary>
    [Test]
    public void A_folder_that_cannot_be_searched_is_named() =>
        Assert.That(FolderSearch.Run(Tool.Path("gone"), recursive: true).Unreadable,
            Is.EqualTo(new[] { (Tool.Path("gone"), "no such folder") }));

    [Test]
    public async Task Ctrl_c_ends_the_wait_for_a_pipe_that_stays_silent()
    {
        await MakePipeAsync("camera.jpg");
        using var process = Tool.StartForCtrlC("camera.jpg", "-o", "out.png");
        // Opened once the other side reads.
        await using var writer = await Task.Run(() => new FileStream(Tool.Path("camera.jpg"), FileMode.Open,
            FileAccess.Write)).WaitAsync(TimeSpan.FromSeconds(60));
        HostProcess.Signal(process.Id, "INT");
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(process.ExitCode, Is.EqualTo(130));
    }

    [TestCase("--version > /dev/full", 1, "removebg: standard output cannot be written: No space left on device.\n")]
    [TestCase("completion bash > /dev/full", 1,
        "removebg: standard output cannot be written: No space left on device.\n")]
    [TestCase("--nonsense 2> /dev/full", 2, "")]
    [TestCase("missing.jpg -o out.png 2> /dev/full", 1, "")]
    public async Task Output_that_cannot_be_written_has_an_exit_code_and_no_stack_trace(string arguments, int code,
        string errors)
    {
        var start = new ProcessStartInfo("bash", ["-c", $"dotnet '{ToolProcess.Program}' {arguments}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Tool.Folder,
        };
        using var process = Process.Start(start)!;
        var (output, said) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await output;
        Assert.That((process.ExitCode, await said), Is.EqualTo((code, errors)));
    }

    [Test]
    public void Escape_sequences_in_a_name_do_not_reach_the_terminal()
    {
        using var errors = new StringWriter();
        var report = new CutReport(null, errors, null, isQuiet: false, TimeProvider.System);
        report.Add(new("red\u001b[31m.jpg", null, PhotoOutcome.Failed, new("image_corrupt", "is damaged.")));
        Assert.That(errors.ToString().Trim(), Is.EqualTo("removebg: red?[31m.jpg: is damaged."));
    }

    private async Task MakePipeAsync(string name)
    {
        using var process = Process.Start("mkfifo", [Tool.Path(name)]);
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero);
    }
}
