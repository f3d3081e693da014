using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Network;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.Submit;

/// <summary>Reads what a request asks for beyond the cut-out, and reports options that exclude each other.</summary>
public sealed class CutOutOptionsParser(UrlPolicy urls, ModelCatalog networks)
{
    private const int SmallestSize = 16, LargestSize = 20_000;
    private const string FillsImage = "cannot be combined with crop: a cropped subject fills the image.";
    private const string NoColours = "cannot be combined with channels: alpha, which has no colours.";
    private const string NoSubject = "cannot be combined with channels: background, which has no subject.";

    /// <returns>Null options when nothing is asked for.</returns>
    internal (CutOutOptions? Options, InlineImage? Background) Read(RequestFields fields, InlineImage? upload)
    {
        var (background, inline) = ReadBackground(fields, upload);
        var options = new CutOutOptions
        {
            Crop = fields.Flag("crop"),
            CropMargin = fields.Value<Margin>("cropMargin"),
            Scale = fields.Value<Scale>("scale"),
            Position = fields.Value<Position>("position"),
            Roi = fields.Value<Region>("roi"),
            Background = background,
            BackgroundBlur = (int?)fields.Number("backgroundBlur", 1, 100, isWhole: true, "strength of the blur"),
            Shadow = fields.Flag("shadow"),
            Size = (int?)fields.Number("size", SmallestSize, LargestSize, isWhole: true, "longest side, in pixels"),
            Megapixels =
                fields.Number("megapixels", 0.01, 50, isWhole: false, "width times height, in millions of pixels"),
            Channels = fields.Word("channels", ["rgba", "alpha", "background"]) switch
            {
                "rgba" => Channels.Rgba,
                "alpha" => Channels.Alpha,
                "background" => Channels.Background,
                _ => null,
            },
            Model = fields.Word("model", networks.Offered),
            RequireForeground = fields.Flag("requireForeground"),
        };
        CheckCombination(fields, options);
        return (options == new CutOutOptions() ? null : options, inline);
    }

    private static void CheckCombination(RequestFields fields, CutOutOptions options)
    {
        if (fields.Find("cropMargin") is not null && options.Crop != true)
            fields.NeedsOther("cropMargin", "crop", "true");
        if (options is { Scale: not null, Crop: true }) fields.Problem("scale", FillsImage);
        if (options is { Position: not null, Crop: true }) fields.Problem("position", FillsImage);
        if (fields.Find("backgroundBlur") is not null && options.Background is not Background.Blur)
            fields.NeedsOther("backgroundBlur", "background", "blur");
        if (options is { IsAlphaOnly: true, Background: not null }) fields.Problem("background", NoColours);
        if (options is { IsAlphaOnly: true, Shadow: true }) fields.Problem("shadow", NoColours);
        if (!options.IsBackgroundOnly) return;
        if (options.Background is not null) fields.Problem("background", NoSubject);
        if (options.Shadow == true) fields.Problem("shadow", NoSubject);
        if (options.Crop == true) fields.Problem("crop", NoSubject);
        if (options.Scale is not null) fields.Problem("scale", NoSubject);
        if (options.Position is { Share: not null }) fields.Problem("position", NoSubject);
    }

    private (Background? Background, InlineImage? Inline) ReadBackground(RequestFields fields, InlineImage? upload)
    {
        if (upload is not null)
        {
            if (fields.Has("background")) fields.Problem("background", "must be given once, as text or as a file.");
            return (new Background.StoredImage(upload.Shown), upload);
        }
        var background = fields.Value<Background>("background");
        if (background is null or Background.Solid or Background.Blur) return (background, null);
        var (shown, inline) = ImageField.Read(fields, "background", background.Text, urls);
        return (inline is null ? background : new Background.StoredImage(shown), inline);
    }
}
