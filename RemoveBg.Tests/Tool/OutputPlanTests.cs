using RemoveBg.Core.Artworks;
using RemoveBg.SelfHost.Cli.Cut.Find;
using RemoveBg.SelfHost.Cli.Cut.Write;

namespace RemoveBg.Tests.Tool;

/// <summary>Names of results.</summary>
public sealed class OutputPlanTests
{
    private static readonly Photo Deep = Photo.FromFile("photos/a/b/cat.v2.jpg", "a/b") with { IsOneOfMany = true };

    [TestCase(null, "cat.v2-cutout.webp")]
    [TestCase("out/", "out/a/b/cat.v2.webp")]
    [TestCase("out/{name}.{ext}", "out/cat.v2.webp")]
    [TestCase("out/{dir}/{name}.png", "out/a/b/cat.v2.png")]
    [TestCase("{folder}/{name}-cutout.{ext}", "photos/a/b/cat.v2-cutout.webp")]
    [TestCase("{{{name}}}.{ext}", "{cat.v2}.webp")]
    public void A_photo_in_a_folder_gets(string? output, string path) =>
        Assert.That(OutputPlan.For(output, OutputFormat.Auto, ["photos/a/b/cat.v2.jpg"], 1).PathFor(Deep),
            Is.EqualTo(path));

    [TestCase("out/{dir}/{name}.{ext}", "out/cat.webp")]
    [TestCase("{folder}/{name}.{ext}", "./cat.webp")]
    [TestCase("x.PNG", "x.PNG")]
    public void A_photo_that_was_given_by_itself_gets(string output, string path) =>
        Assert.That(OutputPlan.For(output, OutputFormat.Auto, ["cat.jpg"], 1).PathFor(Photo.FromFile("cat.jpg")),
            Is.EqualTo(path));

    /// <summary>A URL is text from elsewhere: its name stays in the folder.</summary>
    [TestCase("https://example.com/photos/cat.jpg?size=2#top", "cat")]
    [TestCase("https://example.com/", "example")]
    [TestCase("https://example.com/..%2F..%2Fetc%2Fpasswd.jpg", "_.._etc_passwd")]
    [TestCase("https://example.com/%7Bname%7D.jpg", "_name_")]
    [TestCase("https://example.com/.hidden", "hidden")]
    public void The_name_of_a_url_is_one_safe_name(string url, string name) =>
        Assert.That(Photo.FromUrl(url).Name, Is.EqualTo(name));
}
