using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

public sealed class NetworksTests : ToolTests
{
    [Test]
    public async Task List_shows_all_models_and_where_those_on_this_machine_are()
    {
        var result = await Tool.RunAsync("networks", "list");
        Assert.That((result.Code, result.Errors), Is.EqualTo((0, "")));
        foreach (var model in ModelManifest.Shipped.Models)
            Assert.That(result.Text, Does.Contain(model.Name).And.Contain(model.Licence).And.Contain(model.About));
        Assert.That(result.Text, Does.Contain(Path.Combine(Repo.Root, "models", "removebg.onnx")));
    }

    [Test]
    public async Task Verify_finds_a_damaged_model()
    {
        Assert.That((await Tool.RunAsync("networks", "verify")).Code, Is.Zero);
        Tool.Environment["RemoveBg__Model__Folders"] = Tool.Folder;
        await File.WriteAllTextAsync(Tool.Path("removebg.onnx"), "damaged");
        var result = await Tool.RunAsync("networks", "verify");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Text, Does.Contain(
            $"removebg: {Tool.Path("removebg.onnx")} is not this model, or damaged: delete it"));
    }

    [Test]
    public async Task Verify_without_any_model_says_how_to_get_one()
    {
        Tool.Environment["RemoveBg__Model__Folders"] = Tool.Folder;
        Tool.Environment["RemoveBg__Model__Cache"] = Tool.Path("cache");
        var result = await Tool.RunAsync("networks", "verify");
        Assert.That((result.Code, result.Errors), Is.EqualTo((1, $"removebg: no model is in {Tool.Folder}, "
            + $"{Tool.Path("cache")}. 'removebg networks get isnet-general-use' downloads one.\n")));
    }

    [Test]
    public async Task Get_of_a_model_that_is_there_downloads_nothing()
    {
        var result = await Tool.RunAsync("networks", "get", "removebg");
        Assert.That((result.Code, result.Text), Is.EqualTo((0,
            $"removebg is here already: {Path.Combine(Repo.Root, "models", "removebg.onnx")}\n")));
    }

    [Test]
    public async Task Get_without_a_way_out_is_one_line()
    {
        Tool.Environment["RemoveBg__Model__Cache"] = Tool.Path("cache");
        Tool.Environment["RemoveBg__Model__Folders"] = Tool.Folder;
        foreach (var proxy in new[] { "HTTPS_PROXY", "https_proxy", "ALL_PROXY" })
            Tool.Environment[proxy] = "http://127.0.0.1:1";
        foreach (var direct in new[] { "NO_PROXY", "no_proxy" }) Tool.Environment[direct] = null;
        var result = await Tool.RunAsync("networks", "get", "silueta");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Errors.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(1));
        Assert.That(result.Errors, Does.StartWith("removebg: silueta could not be downloaded from https://"));
    }
}
