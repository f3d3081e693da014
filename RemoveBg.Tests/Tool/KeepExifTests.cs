using ImageMagick;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Tool;

/// <summary><c>--keep-exif</c>, read back with ImageMagick.</summary>
public sealed class KeepExifTests : ToolTests
{
    [TestCase("photo.jpg", "out.png")]
    [TestCase("photo.jpg", "out.webp")]
    [TestCase("photo.png", "out.png")]
    [TestCase("photo.webp", "out.webp")]
    public async Task Camera_time_author_and_copyright_are_kept_and_the_place_is_not(string photo, string output)
    {
        Make(photo);
        var result = await Tool.RunAsync(photo, "-o", output, "--keep-exif");
        Assert.That(result.Code, Is.Zero, result.Errors);
        using var image = new MagickImage(Tool.Path(output));
        var exif = image.GetExifProfile();
        Assert.That(exif, Is.Not.Null);
        Assert.That(exif!.Values.Select(value => value.Tag.ToString()), Is.EquivalentTo(new[] { "Artist", "Copyright",
            "DateTimeOriginal", "ExposureTime", "Model", "ISOSpeedRatings" }.Append("ExifIFDPointer").Where(tag =>
                tag != "ExifIFDPointer" || exif.Values.Any(value => value.Tag.ToString() == tag))));
        Assert.That(exif.GetValue(ExifTag.Artist)!.Value, Is.EqualTo("Ada Example"));
        Assert.That(exif.GetValue(ExifTag.Copyright)!.Value, Is.EqualTo("CC0"));
        Assert.That(exif.GetValue(ExifTag.Model)!.Value, Is.EqualTo("Box 1"));
        Assert.That(exif.GetValue(ExifTag.DateTimeOriginal)!.Value, Is.EqualTo("2026:11:30 10:00:00"));
        Assert.That(exif.GetValue(ExifTag.ExposureTime)!.Value, Is.EqualTo(new Rational(1, 250)));
        Assert.That(exif.GetValue(ExifTag.ISOSpeedRatings)!.Value, Is.EqualTo(new ushort[] { 200 }));
        Assert.That(Picture.Read(Tool.Path(output)).Width, Is.EqualTo(image.Width));
    }

    [TestCase("alpha", "out.webp")]
    [TestCase("alpha", "out.png")]
    [TestCase("rgba", "out.webp")]
    public async Task The_image_is_the_same_with_and_without(string channels, string output)
    {
        Make("photo.jpg");
        Assert.That((await Tool.RunAsync("photo.jpg", "-o", "plain-" + output, "--channels", channels)).Code, Is.Zero);
        Assert.That((await Tool.RunAsync("photo.jpg", "-o", output, "--channels", channels, "--keep-exif")).Code,
            Is.Zero);
        using var plain = new MagickImage(Tool.Path("plain-" + output));
        using var kept = new MagickImage(Tool.Path(output));
        Assert.That(plain.GetExifProfile(), Is.Null);
        Assert.That(kept.GetExifProfile(), Is.Not.Null);
        Assert.That(kept.Compare(plain, ErrorMetric.Absolute), Is.Zero);
        Assert.That(kept.HasAlpha, Is.EqualTo(plain.HasAlpha));
    }

    [Test]
    public void A_tiff_file_is_its_own_exif_data_and_a_copy_of_a_copy_is_the_same()
    {
        using var image = new MagickImage(MagickColors.Red, 8, 8);
        image.SetProfile(Profile());
        var copy = SelfHost.Cli.Cut.Metadata.ExifBlock.Copy(
            SelfHost.Cli.Cut.Metadata.FindExif.In(image.ToByteArray(MagickFormat.Jpeg)));
        Assert.That(SelfHost.Cli.Cut.Metadata.ExifBlock.Copy(SelfHost.Cli.Cut.Metadata.FindExif.In(copy)),
            Is.EqualTo(copy));
    }

    [Test]
    public void Malformed_exif_counts_as_none_or_less()
    {
        using var image = new MagickImage(MagickColors.Red, 8, 8);
        image.SetProfile(Profile());
        var whole = image.ToByteArray(MagickFormat.Jpeg);
        var found = SelfHost.Cli.Cut.Metadata.FindExif.In(whole).ToArray();
        Assert.That(SelfHost.Cli.Cut.Metadata.ExifBlock.Copy(found), Is.Not.Empty);
        for (var length = 0; length < whole.Length; length++)
            Assert.That(() => SelfHost.Cli.Cut.Metadata.ExifBlock.Copy(
                SelfHost.Cli.Cut.Metadata.FindExif.In(whole.AsSpan(0, length))), Throws.Nothing);
        for (var at = 0; at < found.Length; at++)
            foreach (var value in new byte[] { 0, 1, 127, 128, 255 })
            {
                var spoilt = (byte[])found.Clone();
                spoilt[at] = value;
                Assert.That(() => SelfHost.Cli.Cut.Metadata.ExifBlock.Copy(spoilt), Throws.Nothing);
            }
    }

    private void Make(string name)
    {
        using var image = new MagickImage(Repo.Sample("scene-mug.jpg"));
        image.Resize(320, 0);
        image.SetProfile(Profile());
        image.Write(Tool.Path(name));
    }

    private static ExifProfile Profile()
    {
        var exif = new ExifProfile();
        exif.SetValue(ExifTag.Artist, "Ada Example");
        exif.SetValue(ExifTag.Copyright, "CC0");
        exif.SetValue(ExifTag.Model, "Box 1");
        exif.SetValue(ExifTag.DateTimeOriginal, "2026:11:30 10:00:00");
        exif.SetValue(ExifTag.ExposureTime, new Rational(1, 250));
        exif.SetValue(ExifTag.ISOSpeedRatings, [200]);
        exif.SetValue(ExifTag.GPSLatitudeRef, "N");
        exif.SetValue(ExifTag.GPSLatitude, [new Rational(48), new Rational(8), new Rational(0)]);
        exif.SetValue(ExifTag.Orientation, (ushort)1);
        return exif;
    }
}
