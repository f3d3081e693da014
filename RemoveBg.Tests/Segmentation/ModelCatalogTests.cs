using Microsoft.Extensions.Options;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Segmentation;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Segmentation;

public sealed class ModelCatalogTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("models").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Auto_takes_the_best_network_present()
    {
        File.Copy(Path.Combine(Repo.Root, "models", "removebg.onnx"), Path.Combine(_folder, "removebg.onnx"));
        Assert.That(LopsidedNetwork.Catalog("auto", _folder).Resolve().Entry.Name, Is.EqualTo("removebg"));
        LopsidedNetwork.WrittenTo(_folder);
        Assert.That(LopsidedNetwork.Catalog("auto", _folder).Resolve().Entry.Name, Is.EqualTo("u2netp"));
    }

    [Test]
    public void A_cascade_has_the_smallest_and_the_best_network_present_or_the_only_one()
    {
        File.Copy(Path.Combine(Repo.Root, "models", "removebg.onnx"), Path.Combine(_folder, "removebg.onnx"));
        Assert.That(LopsidedNetwork.Catalog("cascade", _folder).Resolve().Larger, Is.Null);
        LopsidedNetwork.WrittenTo(_folder);
        var found = LopsidedNetwork.Catalog("cascade", _folder).Resolve();
        Assert.That((found.Entry.Name, found.Larger?.Entry.Name), Is.EqualTo(("removebg", "u2netp")));
    }

    [TestCase(1000, "removebg")]
    [TestCase(0, "u2netp")]
    public void A_cascade_runs_the_larger_network_if_uncertainty_is_above_the_limit(double limit, string last)
    {
        File.Copy(Path.Combine(Repo.Root, "models", "removebg.onnx"), Path.Combine(_folder, "removebg.onnx"));
        LopsidedNetwork.WrittenTo(_folder);
        using var cascade =
            Segmenter.Open(LopsidedNetwork.Catalog("cascade", _folder).Resolve(), new() { CascadeLimit = limit });
        using var tensors = cascade.CreateTensors();
        var done = new CutOutPipeline(Options.Create(new ImageOptions())).Run(
            new(File.ReadAllBytes(Repo.Sample("scene-plant.jpg")), OutputFormat.Webp, cascade, tensors,
                new MemoryStream()),
            CancellationToken.None);
        Assert.That(done.Model, Is.EqualTo(last));
        Assert.That(done.Steps.Select(step => step.Name).Contains("infer larger"), Is.EqualTo(last == "u2netp"));
        Assert.That(done.Confidence, Is.InRange(0.001, 1));
    }

    [Test]
    public void A_missing_network_is_an_error_that_lists_what_was_tried() =>
        Assert.That(() => Catalog("u2net").Resolve(), Throws.TypeOf<FileNotFoundException>().With.Message
            .Contains(Path.Combine(_folder, "u2net.onnx")).And.Message.Contains("Apache-2.0"));

    [Test]
    public void An_unknown_name_is_an_error_that_lists_the_known_ones() =>
        Assert.That(() => Catalog("u3net").Resolve(), Throws.TypeOf<FileNotFoundException>().With.Message
            .Contains("u3net").And.Message.Contains("isnet-general-use, u2net, silueta, u2netp, removebg"));

    [Test]
    public void A_file_with_another_digest_is_refused()
    {
        File.WriteAllText(Path.Combine(_folder, "u2net.onnx"), "not a network");
        Assert.That(() => Catalog("u2net").Resolve(),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("digest"));
    }

    [Test]
    public void A_path_takes_precedence_and_its_file_name_selects_the_manifest_entry()
    {
        var path = Path.Combine(_folder, "removebg.onnx");
        File.Copy(Path.Combine(Repo.Root, "models", "removebg.onnx"), path);
        var found = new ModelCatalog(Options.Create(new ModelOptions { Path = path, Folders = "" })).Resolve();
        Assert.That((found.Entry.Name, found.Path), Is.EqualTo(("removebg", path)));
    }

    [Test]
    public void A_network_of_another_shape_is_refused_on_loading()
    {
        var shipped = ModelManifest.Shipped.Find("removebg")! with { Size = 512 };
        Assert.That(() => new Segmenter(new(shipped, Path.Combine(Repo.Root, "models", shipped.File)), threads: 1),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("[1, 3, 320, 320]").And.Message
                .Contains("[1, 3, 512, 512]"));
    }

    private ModelCatalog Catalog(string name) =>
        new(Options.Create(new ModelOptions { Name = name, Folders = _folder, Cache = _folder }));
}
