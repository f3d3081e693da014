using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary><c>removebg cut</c> as a script calls it: processes, files and pipes.</summary>
public sealed class CutTests : ToolTests
{
    [Test]
    public async Task A_photo_becomes_a_webp_file_in_the_current_folder_and_one_line_says_so()
    {
        var result = await Tool.RunAsync(Repo.Sample("variants/mug-exif-orientation-8.jpg"));
        Assert.That((result.Code, result.Text), Is.EqualTo((0, "")), result.Errors);
        Assert.That(result.Errors,
            Does.Match(@"^removebg: wrote mug-exif-orientation-8-cutout\.webp \(\d+\.\d s\)\n$"));
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "mug-exif-orientation-8-cutout.webp" }));
        var picture = Picture.Read(Tool.Path("mug-exif-orientation-8-cutout.webp"));
        Assert.That((picture.Width, picture.Height), Is.EqualTo((1280, 854)));
        Assert.That(picture.MeanAlpha(), Is.InRange(0.03, 0.6));
    }

    [TestCase("out.png", "PNG")]
    [TestCase("out.webp", "WEBP")]
    [TestCase("OUT.PNG", "PNG")]
    public async Task The_ending_of_the_output_decides_the_format(string output, string format)
    {
        var result = await Tool.RunAsync(Tool.Sample(), "-o", output);
        Assert.That(result.Code, Is.Zero, result.Errors);
        var head = System.Text.Encoding.ASCII.GetString(await File.ReadAllBytesAsync(Tool.Path(output)), 0, 16);
        Assert.That(head, Does.Contain(format));
    }

    /// <summary>WebP has 14 bits for a side; the service then writes PNG, and says so in the media type.</summary>
    [Test]
    public async Task A_result_that_is_too_large_for_webp_gets_no_wrong_ending()
    {
        await File.WriteAllBytesAsync(Tool.Path("wide.png"), PngFile.Blank(16_384, 16));
        var refused = await Tool.RunAsync("wide.png", "-o", "out.webp");
        Assert.That((refused.Code, refused.Errors), Is.EqualTo((1,
            "removebg: wide.png: the result is too large for .webp: give --format png, or --size.\n")));
        var result = await Tool.RunAsync("wide.png", "-o", "out.png");
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "out.png", "wide.png" }));
    }

    [Test]
    public async Task Options_of_the_api_are_options_of_the_command()
    {
        var result = await Tool.RunAsync(Tool.Sample(), "-o", "out.png", "--crop", "--crop-margin", "5%",
            "--background", "white", "--shadow", "--size", "200", "--model", "cascade");
        Assert.That(result.Code, Is.Zero, result.Errors);
        var picture = Picture.Read(Tool.Path("out.png"));
        Assert.That(Math.Max(picture.Width, picture.Height), Is.EqualTo(200));
        Assert.That(picture.MeanAlpha(), Is.EqualTo(1));
    }

    [Test]
    public async Task The_background_may_be_a_file()
    {
        var result = await Tool.RunAsync(Tool.Sample(), "-o", "out.png", "--background",
            Tool.Sample("scene-chair.jpg"));
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(Picture.Read(Tool.Path("out.png")).MeanAlpha(), Is.EqualTo(1));
    }

    [Test]
    public async Task Standard_input_goes_to_standard_output_which_has_the_image_alone()
    {
        var photo = await File.ReadAllBytesAsync(Repo.Sample("scene-mug.jpg"));
        var result = await Tool.RunAsync(photo, ["-", "-o", "-", "--format", "png"]);
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(Picture.Read(result.Output).MeanAlpha(), Is.InRange(0.03, 0.6));
        var twice = await Tool.RunAsync(photo, ["-"]);
        Assert.That(Picture.Read(twice.Output).Width, Is.EqualTo(1280), twice.Errors);
        Assert.That(Tool.Files(), Is.Empty);
    }

    [Test]
    public async Task An_empty_standard_input_is_named()
    {
        var result = await Tool.RunAsync([], ["-", "-o", "out.png"]);
        Assert.That((result.Code, result.Errors),
            Is.EqualTo((1, "removebg: -: standard input is empty: pipe a photo into it.\n")));
    }

    [Test]
    public async Task A_folder_keeps_its_tree_and_what_is_no_photo_is_left_out()
    {
        Tool.Sample(to: "photos/a.jpg");
        Tool.Sample(to: "photos/sub/b.jpg");
        await File.WriteAllTextAsync(Tool.Path("photos", "notes.txt"), "no photo");
        var flat = await Tool.RunAsync("photos", "-o", "flat/");
        Assert.That(flat.Code, Is.Zero, flat.Errors);
        Assert.That(Tool.Files("flat"), Is.EqualTo(new[] { "flat/a.webp" }));
        var deep = await Tool.RunAsync("photos", "-r", "-o", "deep", "--format", "png");
        Assert.That(deep.Code, Is.Zero, deep.Errors);
        Assert.That(deep.Errors, Does.Match(@"^removebg: 2 photos cut out \(\d+\.\d s, \d+\.\d/s\)\n$"));
        Assert.That(Tool.Files("deep"), Is.EqualTo(new[] { "deep/a.png", "deep/sub/b.png" }));
    }

    [Test]
    public async Task A_pattern_of_files_and_a_pattern_of_names_go_together()
    {
        Tool.Sample(to: "a/one.jpg");
        Tool.Sample(to: "a/b/two.jpg");
        var result = await Tool.RunAsync("**/*.jpg", "-o", "{folder}/{name}-cutout.{ext}");
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "a/b/two-cutout.webp", "a/b/two.jpg", "a/one-cutout.webp",
            "a/one.jpg" }));
    }

    [Test]
    public async Task A_second_run_does_not_cut_out_the_results_of_the_first()
    {
        Tool.Sample(to: "a/one.jpg");
        string[] arguments = ["a", "-o", "{folder}/{name}-cutout.{ext}", "--skip-existing", "--json"];
        await Tool.RunAsync(arguments);
        var second = await Tool.RunAsync(arguments);
        Assert.That((second.Code, second.Text), Is.EqualTo((0,
            """{"input":"a/one.jpg","output":"a/one-cutout.webp","status":"skipped"}""" + "\n")), second.Errors);
    }

    [Test]
    public async Task Results_below_the_photos_are_no_photos_and_photos_below_the_results_are()
    {
        Tool.Sample(to: "photos/a.jpg");
        string[] below = ["photos", "-r", "-o", "photos/out", "--skip-existing", "--json"];
        Assert.That((await Tool.RunAsync(below)).Text, Does.Contain("\"output\":\"photos/out/a.webp\""));
        Assert.That((await Tool.RunAsync(below)).Text.Split('\n'), Has.Length.EqualTo(2), "one line, and its end");
        var above = await Tool.RunAsync("photos/*.jpg", "-o", ".");
        Assert.That(above.Code, Is.Zero, above.Errors);
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "a.webp", "photos/a.jpg", "photos/out/a.webp" }));
    }

    [Test]
    public async Task A_url_is_fetched_through_the_guard()
    {
        await using var server = await Caller.StartAsync();
        var url = server.Serve(Repo.Sample("scene-mug.jpg"));
        var refused = await Tool.RunAsync(url, "-o", "out.png");
        Assert.That((refused.Code, refused.Errors),
            Is.EqualTo((1, $"removebg: {url}: The image's URL is not allowed.\n")));
        Tool.Environment["RemoveBg__Network__AllowLoopbackForDevelopment"] = "true";
        var result = await Tool.RunAsync(url);
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "scene-mug-cutout.webp" }));
        Assert.That(server.Hits("/scene-mug.jpg"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_background_from_a_url_is_fetched_once_for_all_photos()
    {
        await using var server = await Caller.StartAsync();
        Tool.Environment["RemoveBg__Network__AllowLoopbackForDevelopment"] = "true";
        var result = await Tool.RunAsync(Tool.Sample(to: "a.jpg"), Tool.Sample(to: "b.jpg"), "-o", "out/",
            "--background", server.Serve(Repo.Sample("scene-chair.jpg")));
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(server.Hits("/scene-chair.jpg"), Is.EqualTo(1));
    }

    [Test]
    public async Task Json_lines_name_input_output_status_size_time_and_error()
    {
        await File.WriteAllTextAsync(Tool.Path("note.jpg"), "hello");
        var result = await Tool.RunAsync(Tool.Sample(), "note.jpg", "nowhere.jpg", "-o", "out/", "--json");
        Assert.That(result.Code, Is.EqualTo(1));
        var lines = result.Text.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)
            .ToDictionary(line => line.Text("input")!);
        Assert.That(lines.Keys, Is.EquivalentTo(new[] { "scene-mug.jpg", "note.jpg", "nowhere.jpg" }));
        var done = lines["scene-mug.jpg"];
        Assert.That((done.Text("status"), done.Text("output"), done.GetProperty("width").GetInt32(),
            done.GetProperty("height").GetInt32()), Is.EqualTo(("succeeded", "out/scene-mug.webp", 1280, 854)));
        Assert.That(done.GetProperty("duration_ms").GetInt64(), Is.Positive);
        var failed = lines["note.jpg"].GetProperty("error");
        Assert.That(failed.Text("code"), Is.EqualTo("unsupported_format"));
        Assert.That(failed.Text("message"), Does.Contain("Use JPEG, PNG, WebP, GIF, BMP, HEIC"));
        Assert.That(lines["nowhere.jpg"].GetProperty("error").Text("code"), Is.EqualTo("file_not_found"));
        Assert.That(result.Errors.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(3).And.All.StartWith("removebg: "));
        Assert.That(result.Errors, Does.Contain("removebg: nowhere.jpg: no such file or folder.\n")
            .And.Match(@"removebg: 1 photo cut out, 2 failed \(\d+\.\d s\)\n$"));
    }

    [Test]
    public async Task A_file_that_exists_is_replaced_only_when_told_so()
    {
        var photo = Tool.Sample();
        await File.WriteAllTextAsync(Tool.Path("out.png"), "mine");
        var refused = await Tool.RunAsync(photo, "-o", "out.png");
        Assert.That((refused.Code, refused.Errors), Is.EqualTo((2,
            "removebg: out.png exists. --force replaces, --skip-existing leaves out.\n")));
        var skipped = await Tool.RunAsync(photo, "-o", "out.png", "--skip-existing");
        Assert.That(skipped.Code, Is.Zero, skipped.Errors);
        Assert.That(await File.ReadAllTextAsync(Tool.Path("out.png")), Is.EqualTo("mine"));
        var forced = await Tool.RunAsync(photo, "-o", "out.png", "--force");
        Assert.That(forced.Code, Is.Zero, forced.Errors);
        Assert.That(Picture.Read(Tool.Path("out.png")).Width, Is.EqualTo(1280));
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "out.png", "scene-mug.jpg" }));
    }

    [Test]
    public async Task A_failed_photo_leaves_the_others_and_nothing_half_written()
    {
        var whole = await File.ReadAllBytesAsync(Repo.Sample("scene-mug.jpg"));
        Directory.CreateDirectory(Tool.Path("photos"));
        await File.WriteAllBytesAsync(Tool.Path("photos", "half.jpg"), whole[..(whole.Length / 2)]);
        Tool.Sample(to: "photos/whole.jpg");
        var result = await Tool.RunAsync("photos", "-o", "out", "--jobs", "2");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Errors,
            Does.Contain("removebg: photos/half.jpg: The image is damaged or incomplete.\n"));
        Assert.That(Tool.Files("out"), Is.EqualTo(new[] { "out/whole.webp" }));
    }

    /// <summary>ONNX Runtime would write a device id into the home folder, and hosts would log.</summary>
    [Test]
    public async Task Nothing_else_is_written_anywhere()
    {
        Tool.Environment["HOME"] = Tool.Folder;
        var result = await Tool.RunAsync(Repo.Sample("scene-mug.jpg"), "-o", "out.png", "--quiet");
        Assert.That((result.Code, result.Text, result.Errors), Is.EqualTo((0, "", "")));
        Assert.That(Tool.Files(), Is.EqualTo(new[] { "out.png" }));
    }

    [Test]
    public async Task The_second_decoder_reads_heic()
    {
        await File.WriteAllBytesAsync(Tool.Path("photo.heic"), SecondFiles.Small(SecondFiles.Heic));
        var result = await Tool.RunAsync("photo.heic", "-o", "out.png");
        Assert.That(result.Code, Is.Zero, result.Errors);
        Assert.That(File.Exists(Tool.Path("out.png")), Is.True);
    }

    [TestCase("INT")]
    [TestCase("HUP")]
    public async Task Ctrl_c_and_a_closed_terminal_end_with_130_and_leave_no_partial_result(string signal)
    {
        await using var server = await Caller.StartAsync();
        Tool.Environment["RemoveBg__Network__AllowLoopbackForDevelopment"] = "true";
        var held = server.ServeHeld(Repo.Sample("scene-mug.jpg"));
        using var process = Tool.StartForCtrlC(held.Url, "-o", "out.png");
        await held.Asked.WaitAsync(TimeSpan.FromSeconds(60));
        HostProcess.Signal(process.Id, signal);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That((process.ExitCode, await process.StandardError.ReadToEndAsync()), Is.EqualTo((130, "")));
        Assert.That(Tool.Files(), Is.Empty);
    }
}
