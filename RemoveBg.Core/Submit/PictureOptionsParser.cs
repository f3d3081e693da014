using RemoveBg.Core.Artworks;
using RemoveBg.Core.Layout;
using RemoveBg.Core.Network;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.Submit;

/// <summary>Reads what a request asks of the picture beyond the cut-out, and what of it does not go together.</summary>
public sealed class PictureOptionsParser(UrlPolicy urls, ModelCatalog networks)
{
    private const int SmallestSize = 16, LargestSize = 20_000;
    private const string BackgroundAccepted =
        "a colour (" + Colour.Accepted + "), an absolute http or https URL of a picture, or a data:image/…;base64, URI";

    /// <returns>Null options when nothing is asked for.</returns>
    internal (PictureOptions? Options, InlinePicture? Background) Read(RequestFields fields, InlinePicture? upload)
    {
        var (background, inline) = ReadBackground(fields, upload);
        var options = new PictureOptions
        {
            Crop = fields.Flag("crop"),
            CropMargin = Checked(fields, "cropMargin", Margin.Accepted, text => Margin.TryParse(text) is not null),
            Scale = Checked(fields, "scale", "a percentage from 10% to 100%",
                text => Length.TryParse(text) is { IsShare: true, Value: >= 0.1 and <= 1 }),
            Position = Checked(fields, "position", Position.Accepted, text => Position.TryParse(text, out _)),
            Roi = Checked(fields, "roi", Region.Accepted, text => Region.TryParse(text) is not null),
            Background = background,
            Shadow = fields.Flag("shadow"),
            Size = (int?)fields.Number("size", SmallestSize, LargestSize, isWhole: true,
                "the longest side at most, in pixels"),
            Megapixels =
                fields.Number("megapixels", 0.01, 50, isWhole: false, "width times height at most, in millions"),
            Channels = Checked(fields, "channels", "rgba or alpha", text => text is "rgba" or "alpha"),
            Model = Checked(fields, "model", $"one of {string.Join(", ", networks.Offered)}",
                text => networks.Offered.Contains(text)),
            RequireForeground = fields.Flag("requireForeground"),
        };
        Together(fields, options);
        return (options == new PictureOptions() ? null : options, inline);
    }

    private static void Together(RequestFields fields, PictureOptions options)
    {
        if (options is { CropMargin: not null, Crop: not true }) fields.Problem("cropMargin", "needs crop: true.");
        if (options is { Scale: not null, Crop: true })
            fields.Problem("scale", "cannot be combined with crop: cropped, the subject fills the picture.");
        if (options is { Position: not null, Crop: true })
            fields.Problem("position", "cannot be combined with crop: cropped, the subject fills the picture.");
        if (options is { IsAlphaOnly: true, Background: not null })
            fields.Problem("background", "cannot be combined with channels: alpha, which has no colours.");
        if (options is { IsAlphaOnly: true, Shadow: true })
            fields.Problem("shadow", "cannot be combined with channels: alpha, which has no colours.");
    }

    private (string? Shown, InlinePicture? Inline) ReadBackground(RequestFields fields, InlinePicture? upload)
    {
        if (upload is not null)
        {
            if (fields.Has("background")) fields.Problem("background", "must be given once, as a text or as a file.");
            return (upload.Shown, upload);
        }
        if (fields.Text("background", BackgroundAccepted) is not { } text) return (null, null);
        if (Colour.TryParse(text) is not null) return (text, null);
        if (text.StartsWith("http", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
            return PictureUrl.Read(fields, "background", text, urls);
        fields.Problem("background", $"must be {BackgroundAccepted}.");
        return (text, null);
    }

    private static string? Checked(RequestFields fields, string name, string accepted, Func<string, bool> isAccepted)
    {
        if (fields.Text(name, accepted) is not { } text) return null;
        if (!isAccepted(text)) fields.Problem(name, $"must be {accepted}.");
        return text;
    }
}
