using System.Globalization;
using System.Text;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Submit;

namespace RemoveBg.Core.DropIn;

/// <summary>A problem of a request, in remove.bg's words.</summary>
/// <param name="Title">For people.</param>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Detail">What was wrong and what is accepted; null where the title says it all.</param>
public sealed record V1Problem(string Title, string Code, string? Detail = null);

/// <summary>Refuses a request; each of the first ten problems becomes one entry of <c>errors</c>.</summary>
public sealed class V1Exception(int statusCode, params IReadOnlyList<V1Problem> problems) : Exception(problems[0].Title)
{
    public int StatusCode { get; } = statusCode;

    public IReadOnlyList<V1Problem> Problems { get; } = problems.Count <= Submit.Problems.Reported ? problems
        : [.. problems.Take(Submit.Problems.Reported), new("More problems", "more_problems", Submit.Problems.More)];
}

/// <summary>Translates the parameters of remove.bg's <c>POST /v1.0/removebg</c> into ours.</summary>
/// <remarks>Hints about the subject are accepted and change nothing. What would change the picture and cannot be
/// honoured is refused by name. Source: remove.bg's published API documentation, version 1.0.</remarks>
public sealed class RemoveBgV1Request(SubmitRequestParser parser)
{
    /// <summary>Maps remove.bg's parameters to our fields of the same meaning; problems are named by it, too.</summary>
    private static readonly Dictionary<string, string> Fields = new()
    {
        ["image_url"] = "imageUrl",
        ["roi"] = "roi",
        ["crop"] = "crop",
        ["crop_margin"] = "cropMargin",
        ["scale"] = "scale",
        ["position"] = "position",
        ["channels"] = "channels",
        ["bg_color"] = "background",
        ["bg_image_url"] = "background",
        ["add_shadow"] = "shadow",
    };

    /// <summary>Largest area of the result for each <c>size</c>, in megapixels; null for no limit.</summary>
    private static readonly Dictionary<string, double?> Sizes = new()
    {
        ["preview"] = 0.25, ["small"] = 0.25, ["regular"] = 0.25, ["medium"] = 1.5, ["hd"] = 4, ["4k"] = 10,
            ["50MP"] = 50, ["full"] = null, ["auto"] = null,
    };

    private static readonly Dictionary<string, OutputFormat> Formats = new()
    {
        ["auto"] = OutputFormat.Auto, ["png"] = OutputFormat.Png, ["jpg"] = OutputFormat.Jpeg,
            ["webp"] = OutputFormat.Webp, ["zip"] = OutputFormat.Zip,
    };

    /// <summary>Parameters that have no field of ours, and their accepted values.</summary>
    private static readonly Dictionary<string, (string[] Accepted, string? Why)> Others = new()
    {
        // Hints: the network finds any kind of subject, and does not say which.
        ["type"] = (["auto", "person", "product", "car", "animal", "graphic", "transportation", "other"], null),
        ["type_level"] = (["none", "latest", "1", "2"], null),
        // Every kind gives the one shadow that there is.
        ["shadow_type"] = ([NoShadow, "auto", "drop", "3D", "car"], null),
        ["semitransparency"] = (["true"], "soft alpha is always kept"),
    };

    private const string NoShadow = "none";
    private const int FullOpacity = 100;

    /// <summary>Translates a request.</summary>
    /// <param name="texts">All parameters except files.</param>
    /// <param name="files">Uploaded files by parameter name.</param>
    /// <param name="longTexts">The long texts among <paramref name="texts"/>; null if there are none.</param>
    /// <exception cref="V1Exception">400 with the problems.</exception>
    public SubmitRequest Parse(IReadOnlyList<KeyValuePair<string, string>> texts,
        IReadOnlyDictionary<string, InlineImage> files, LongTexts? longTexts = null)
    {
        var problems = new List<V1Problem>();
        var given = new Dictionary<string, string>();
        foreach (var (name, text) in texts.Where(field => field.Value.Length > 0))
            if (!given.TryAdd(name, text)) problems.Add(Invalid(name, "must be given once"));

        // 1. One photo, at most one background.
        foreach (var name in new[] { "image_file", "bg_image_file" })
            if (given.Remove(name)) problems.Add(Invalid(name, "must be a file"));
        var photo = Photo(given, files, longTexts, problems);
        var background = Only(["bg_color", "bg_image_url", "bg_image_file"], given, files, problems) == "bg_image_file"
            ? files["bg_image_file"] : null;

        // 2. Translate what has the same meaning.
        var size = Choice(given, "size", "preview", Sizes, problems);
        var format = Choice(given, "format", "auto", Formats, problems);
        var hasShadow = ReadOthers(given, problems);
        var opacity = Opacity(given, problems);
        var ours = new Problems(most: int.MaxValue);
        var fields = new RequestFields(ours, shown: field =>
            Fields.FirstOrDefault(pair => pair.Value == field && given.ContainsKey(pair.Key)).Key ?? field,
            longTexts: longTexts);
        foreach (var (name, text) in given)
            if (Narrower(name, text) is { } accepted) problems.Add(Invalid(name, $"must be {accepted}"));
            else if (Fields.TryGetValue(name, out var field))
            {
                // "original" and "0" are remove.bg's defaults: nothing was asked for.
                if (text != "original"
                    && (name != "crop_margin" || given.GetValueOrDefault("crop") == "true" || text != "0"))
                    fields.Put(field, text);
            }
            else problems.Add(Invalid(name, $"is not a known parameter; accepted: image_file, image_file_b64, size, "
                + $"format, bg_image_file, shadow_opacity, {string.Join(", ", Fields.Keys.Concat(Others.Keys))}"));
        if (hasShadow) fields.Put("shadow", "true");
        if (size is { } megapixels)
            fields.Put("megapixels", megapixels.ToString(CultureInfo.InvariantCulture));

        var request = parser.Read(fields, photo, background);
        problems.AddRange(
            ours.All.Select(problem => new V1Problem("Invalid parameter", "invalid_parameter", problem)));
        if (problems.Count > 0) throw new V1Exception(400, problems);

        // 3. Choose the format; JPEG and ZIP exist on this route only.
        var options = (request.Options ?? new()) with { RequireForeground = true, FindSubject = true,
            ShadowOpacity = opacity == FullOpacity ? null : opacity };
        if (options.IsAlphaOnly && format is OutputFormat.Jpeg or OutputFormat.Zip)
            throw new V1Exception(400, Invalid("format", "must be auto, png or webp with channels=alpha"));
        var isOpaque = options.Background is not null and not Background.Solid { IsOpaque: false };
        return request with { Options = options,
            OutputFormat = format != OutputFormat.Auto ? format : isOpaque ? OutputFormat.Jpeg : OutputFormat.Png };
    }

    private static InlineImage? Photo(Dictionary<string, string> given,
        IReadOnlyDictionary<string, InlineImage> files, LongTexts? longTexts, List<V1Problem> problems)
    {
        foreach (var name in files.Keys.Where(name => name is not "image_file" and not "bg_image_file"))
            problems.Add(Invalid(name, "is not a known file; accepted: image_file, bg_image_file"));
        var source = Only(["image_file", "image_file_b64", "image_url"], given, files, problems);
        if (source is null && problems.TrueForAll(problem => problem.Code != "multiple_sources"))
            problems.Add(new("No image given", "missing_source",
                "Please provide the source image in the image_url, image_file or image_file_b64 parameter."));
        // An empty image keeps the checks below from reporting the missing photo again.
        if (source is null) return InlineImage.FromUpload(null, default);
        if (source == "image_file") return files["image_file"];
        if (!given.Remove("image_file_b64", out var encoded)) return null;
        var text = longTexts?.Find(encoded) ?? Encoding.UTF8.GetBytes(encoded);
        if (text.Span.StartsWith("data:"u8)) text = text[(text.Span.IndexOf((byte)',') + 1)..];
        if (LongTexts.DecodeBase64(text) is { } image) return InlineImage.FromUpload(null, image);
        problems.Add(Invalid("image_file_b64", "is not valid base64"));
        return null;
    }

    /// <summary>Checks parameters that take less than our field of the same meaning.</summary>
    /// <returns>What is accepted; null if the text may be.</returns>
    private static string? Narrower(string name, string text) => name switch
    {
        "bg_color" when Colour.TryParse(text) is null => $"a colour ({Colour.Accepted})",
        "bg_image_url" when !text.StartsWith("http", StringComparison.OrdinalIgnoreCase) =>
            "an absolute http or https URL",
        "channels" when text is not ("rgba" or "alpha") => "one of rgba, alpha",
        _ => null,
    };

    /// <returns>The only given name; null when none or several are given.</returns>
    private static string? Only(string[] names, Dictionary<string, string> given,
        IReadOnlyDictionary<string, InlineImage> files, List<V1Problem> problems)
    {
        var all = names.Where(name => given.ContainsKey(name) || files.ContainsKey(name)).ToList();
        if (all.Count <= 1) return all.FirstOrDefault();
        problems.Add(new("Multiple image sources given", "multiple_sources",
            $"Only one of {string.Join(", ", names)} can be given; these were: {string.Join(", ", all)}."));
        foreach (var name in all) given.Remove(name);
        return null;
    }

    private static T Choice<T>(Dictionary<string, string> given, string name, string otherwise,
        Dictionary<string, T> choices, List<V1Problem> problems)
    {
        if (!given.Remove(name, out var text)) text = otherwise;
        if (choices.TryGetValue(text, out var choice)) return choice;
        problems.Add(Invalid(name, $"must be one of {string.Join(", ", choices.Keys)}"));
        return choices[otherwise];
    }

    /// <returns>Whether <c>shadow_type</c> asks for a shadow.</returns>
    private static bool ReadOthers(Dictionary<string, string> given, List<V1Problem> problems)
    {
        var hasShadow = given.GetValueOrDefault("shadow_type", NoShadow) != NoShadow;
        foreach (var (name, (accepted, why)) in Others)
            if (given.Remove(name, out var text) && !accepted.Contains(text))
                problems.Add(Invalid(name, accepted is [var only] ? $"must be {only}: {why}"
                    : $"must be one of {string.Join(", ", accepted)}"));
        return hasShadow;
    }

    private static int Opacity(Dictionary<string, string> given, List<V1Problem> problems)
    {
        if (!given.Remove("shadow_opacity", out var text)) return FullOpacity;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent)
            && percent <= FullOpacity) return percent;
        problems.Add(Invalid("shadow_opacity", "must be a whole number from 0 to 100"));
        return FullOpacity;
    }

    private static V1Problem Invalid(string parameter, string problem) =>
        new("Invalid parameter", "invalid_parameter", $"{Problems.Quote(parameter)} {problem}.");
}
