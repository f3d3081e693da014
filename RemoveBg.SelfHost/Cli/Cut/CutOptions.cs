using System.CommandLine;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;

namespace RemoveBg.SelfHost.Cli.Cut;

/// <summary>The API's options as options of the command line: <c>cropMargin</c> is <c>--crop-margin</c>.</summary>
/// <remarks>All values stay text: <see cref="Core.Submit.SubmitRequestParser.ParseOptions"/> checks them as it checks
/// a form, so that ranges and errors have one source.</remarks>
internal static class CutOptions
{
    public const string Format = "outputFormat";

    /// <summary>Names of the API's fields that are options of a cut.</summary>
    public static IReadOnlyList<string> Fields { get; } = [Format, .. CutOutOptions.Names];

    /// <summary>Fields that are true or false.</summary>
    private static readonly string[] Flags = ["crop", "shadow", "requireForeground"];

    private static readonly Dictionary<string, (string Description, string Value)> About = new()
    {
        [Format] = ($"Format of the result: {string.Join(", ", OutputFormats.Words)} (default: the output's ending, "
            + "else webp)", "FORMAT"),
        ["crop"] = ("Crop to the subject", ""),
        ["cropMargin"] = ("Space around the cropped subject: 10%, or '20px 0'", "MARGIN"),
        ["scale"] = ("Share of the image that the subject fills, 10% to 100%", "SHARE"),
        ["position"] = ("Place of the subject: original, center, or shares like '50% 100%'", "PLACE"),
        ["roi"] = ("Part of the photo that has the subject: 'x1 y1 x2 y2' in pixels or percent", "REGION"),
        ["background"] = ("A colour (white, #ffcc00), blur, or the file or URL of an image", "BACKGROUND"),
        ["backgroundBlur"] = ("Strength of the blur, 1 to 100", "N"),
        ["shadow"] = ("Draw a soft shadow below the subject", ""),
        ["size"] = ("Longest side at most, in pixels", "PIXELS"),
        ["megapixels"] = ("Width times height at most, in millions of pixels", "N"),
        ["channels"] = ("rgba, alpha (the matte as a grey image) or background (without the subject)", "CHANNELS"),
        ["model"] = ("Model to use, or cascade; 'removebg networks list' shows all", "NAME"),
        ["requireForeground"] = ("Fail if no subject is found", ""),
    };

    /// <summary>Returns a field's name on the command line.</summary>
    public static string NameOf(string field) => field == Format ? "--format"
        : "--" + string.Concat(field.Select(letter =>
            char.IsAsciiLetterUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"));

    public static IReadOnlyDictionary<string, Option> Create()
    {
        var all = new Dictionary<string, Option>();
        foreach (var field in Fields)
        {
            var (description, value) = About[field];
            all[field] = Flags.Contains(field) ? new Option<bool>(NameOf(field)) { Description = description }
                : new Option<string?>(NameOf(field)) { Description = description, HelpName = value };
        }
        return all;
    }

    /// <returns>The given options by field, as text.</returns>
    public static Dictionary<string, string> Read(ParseResult arguments, IReadOnlyDictionary<string, Option> options)
    {
        var texts = new Dictionary<string, string>();
        foreach (var (field, option) in options)
        {
            if (option is Option<bool> flag && arguments.GetResult(flag) is not null)
                texts[field] = arguments.GetValue(flag) ? "true" : "false";
            if (option is Option<string?> text && arguments.GetValue(text) is { } value) texts[field] = value;
        }
        return texts;
    }
}
