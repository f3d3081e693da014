using RemoveBg.Core;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Submit;

/// <summary>Values of the options at the limits of what is accepted.</summary>
public sealed class ParametersTests
{
    [TestCase("0", 0, false)]
    [TestCase("1000000", 1_000_000, false)]
    [TestCase("30px", 30, false)]
    [TestCase("12.5%", 0.125, true)]
    [TestCase("1000001", null, false)]
    [TestCase("-1", null, false)]
    [TestCase("1e3", null, false)]
    [TestCase("px", null, false)]
    public void A_length_is_in_pixels_or_a_share(string text, double? value, bool isShare) => Assert.That(
        Length.TryParse(text), Is.EqualTo(value is { } number ? new Length(number, isShare) : (Length?)null));

    [Test]
    public void A_share_is_of_the_whole_and_pixels_are_pixels()
    {
        Assert.That(Length.TryParse("25%")!.Value.Of(200), Is.EqualTo(50));
        Assert.That(Length.TryParse("25")!.Value.Of(200), Is.EqualTo(25));
    }

    [TestCase("500px 50%", true)]
    [TestCase("0 501px", false)]
    [TestCase("501 0", false)]
    [TestCase("0 0 0 51%", false)]
    public void Each_margin_is_at_most_500_pixels_or_half(string text, bool isAccepted) =>
        Assert.That(Margin.TryParse(text) is not null, Is.EqualTo(isAccepted));

    [TestCase("100%", 1, 1)]
    [TestCase("0% 100%", 0, 1)]
    [TestCase("0% 101%", null, null)]
    [TestCase("101% 0%", null, null)]
    [TestCase("50% 10px", null, null)]
    [TestCase("10px 50%", null, null)]
    public void A_position_is_one_or_two_shares(string text, double? x, double? y) => Assert.That(
        Position.TryParse(text)?.Share, Is.EqualTo(x is null ? ((double, double)?)null : (x.Value, y!.Value)));

    [TestCase("0 0 100% 100%", true)]
    [TestCase("0 0 101% 100%", false)]
    [TestCase("0 0 100% 101%", false)]
    [TestCase("0 0 10 10", true)]
    [TestCase("10 0 10 10", false, Description = "no width")]
    [TestCase("0 10 10 10", false, Description = "no height")]
    [TestCase("20 0 10 10", false)]
    [TestCase("0 20 10 10", false)]
    [TestCase("200 0 50% 10", true, Description = "cannot be compared yet")]
    [TestCase("0 200 10 50%", true)]
    public void The_first_corner_of_a_region_is_left_of_and_above_the_second(string text, bool isAccepted) =>
        Assert.That(Region.TryParse(text) is not null, Is.EqualTo(isAccepted));

    [TestCase("#123456", 0xFF563412)]
    [TestCase("12345678", 0x78563412u)]
    [TestCase("#abc", 0xFFCCBBAA)]
    [TestCase("#abcd", 0xDDCCBBAA)]
    [TestCase("RebeccaPurple", 0xFF993366)]
    [TestCase("slategrey", 0xFF908070)]
    public void A_colour_is_packed_with_red_in_the_lowest_byte(string text, uint rgba) =>
        Assert.That(((Background.Solid)Background.TryParse(text)!).Rgba, Is.EqualTo(rgba));

    [Test]
    public void Only_options_that_move_or_resize_the_subject_arrange_it()
    {
        var none = new CutOutOptions();
        Assert.That(none.Arranges, Is.False);
        foreach (var still in new[] { none with { Crop = false }, none with { Shadow = true },
            none with { Background = Background.TryParse("red") } }) Assert.That(still.Arranges, Is.False, $"{still}");
        foreach (var arranged in new[]
        {
            none with { Crop = true }, none with { Scale = Scale.TryParse("50%") },
            none with { Position = Position.Center }, none with { Roi = Region.TryParse("0 0 10 10") },
            none with { Size = 100 }, none with { Megapixels = 1 },
        }) Assert.That(arranged.Arranges, Is.True, $"{arranged}");
    }

    [Test]
    public void A_request_may_have_these_options() => Assert.That(CutOutOptions.Names, Is.EqualTo(new[]
    {
        "crop", "cropMargin", "scale", "position", "roi", "background", "backgroundBlur", "shadow", "size",
        "megapixels", "channels", "model", "requireForeground",
    }));

    [TestCase("size", "16", null)]
    [TestCase("size", "20000", null)]
    [TestCase("size", "20001", "size must be a whole number from 16 to 20000")]
    [TestCase("megapixels", "0.01", null)]
    [TestCase("megapixels", "50", null)]
    [TestCase("megapixels", "0.009", "megapixels must be a number from 0.01 to 50")]
    public void A_number_may_be_at_its_limits(string name, string text, string? problem)
    {
        Action parse = () => Requests.Parser().ParseOptions([new(name, text)], null, shown => shown);
        if (problem is null) Assert.That(parse, Throws.Nothing);
        else Assert.That(parse, Throws.TypeOf<ApiException>().With.Message.Contains(problem));
    }

    [TestCase("cropMargin", "10%", "--cropMargin needs --crop.")]
    [TestCase("backgroundBlur", "5", "--backgroundBlur needs --background blur.")]
    [TestCase("shadow", "maybe", "--shadow must be true or false.")]
    public void A_problem_on_a_command_line_names_the_options_as_the_user_knows_them(
        string name, string text, string problem) =>
        Assert.That(() => Requests.Parser().ParseOptions([new(name, text)], null, shown => $"--{shown}"),
            Throws.TypeOf<ApiException>().With.Message.EqualTo(problem));

    [Test]
    public void Options_of_a_command_line_are_read_with_their_format()
    {
        var read = Requests.Parser().ParseOptions([new("outputFormat", "png"), new("size", "640")], null, it => it);
        Assert.That((read.Format, read.Options.Size), Is.EqualTo((Core.Artworks.OutputFormat.Png, (int?)640)));
        Assert.That(Requests.Parser().ParseOptions([], null, it => it).Options, Is.EqualTo(new CutOutOptions()));
    }
}
