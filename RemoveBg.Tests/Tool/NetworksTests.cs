using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

public sealed class NetworksTests
{
    private ToolProcess _tool = null!;

    [SetUp]
    public void MakeFolder() => _tool = new();

    [TearDown]
    public void RemoveFolder() => _tool.Dispose();

    [Test]
    public async Task List_shows_all_models_and_where_those_on_this_machine_are()
    {
        var result = await _tool.RunAsync("networks", "list");
        Assert.That((result.Code, result.Errors), Is.EqualTo((0, "")));
        foreach (var model in ModelManifest.Shipped.Models)
            Assert.That(result.Text, Does.Contain(model.Name).And.Contain(model.Licence).And.Contain(model.About));
        Assert.That(result.Text, Does.Contain(Path.Combine(Repo.Root, "models", "removebg.onnx")));
    }

    [Test]
    public async Task Verify_finds_a_damaged_model()
    {
        Assert.That((await _tool.RunAsync("networks", "verify")).Code, Is.Zero);
        _tool.Environment["RemoveBg__Model__Folders"] = _tool.Folder;
        await File.WriteAllTextAsync(_tool.Path("removebg.onnx"), "damaged");
        var result = await _tool.RunAsync("networks", "verify");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Text, Does.Contain(
            $"removebg: {_tool.Path("removebg.onnx")} is not this model, or damaged: delete it"));
    }

    [Test]
    public async Task Verify_without_any_model_says_how_to_get_one()
    {
        _tool.Environment["RemoveBg__Model__Folders"] = _tool.Folder;
        _tool.Environment["RemoveBg__Model__Cache"] = _tool.Path("cache");
        var result = await _tool.RunAsync("networks", "verify");
        Assert.That((result.Code, result.Errors), Is.EqualTo((1, $"removebg: no model is in {_tool.Folder}, "
            + $"{_tool.Path("cache")}. 'removebg networks get isnet-general-use' downloads one.\n")));
    }

    [Test]
    public async Task Get_of_a_model_that_is_there_downloads_nothing()
    {
        var result = await _tool.RunAsync("networks", "get", "removebg");
        Assert.That((result.Code, result.Text), Is.EqualTo((0,
            $"removebg is here already: {Path.Combine(Repo.Root, "models", "removebg.onnx")}\n")));
    }

    [Test]
    public async Task Get_without_a_way_out_is_one_line()
    {
        _tool.Environment["RemoveBg__Model__Cache"] = _tool.Path("cache");
        _tool.Environment["RemoveBg__Model__Folders"] = _tool.Folder;
        foreach (var proxy in new[] { "HTTPS_PROXY", "https_proxy", "ALL_PROXY" })
            _tool.Environment[proxy] = "http://127.0.0.1:1";
        foreach (var direct in new[] { "NO_PROXY", "no_proxy" }) _tool.Environment[direct] = null;
        var result = await _tool.RunAsync("networks", "get", "silueta");
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Errors.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(1));
        Assert.That(result.Errors, Does.StartWith("removebg: silueta could not be downloaded from https://"));
    }
}
