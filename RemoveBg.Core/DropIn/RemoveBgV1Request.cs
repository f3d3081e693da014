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
/// <remarks>A parameter that cannot be honoured is refused by name, never ignored. Source: remove.bg's published
/// OpenAPI document, version 1.0.0.</remarks>
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

    /// <summary>Parameters of which only the neutral values are accepted, and why.</summary>
    private static readonly Dictionary<string, (string[] Accepted, string Why)> Fixed = new()
    {
        ["type"] = (["auto"], "the model finds any kind of subject and cannot be limited to one kind"),
        ["type_level"] = (["none", "1"], "subjects are not classified"),
        ["semitransparency"] = (["true"], "soft alpha is always kept"),
        ["shadow_type"] = (["none", "drop"], "there is one kind of shadow"),
    };

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
        var photo = Photo(given, files, longTexts, problems);
        var background = Only(["bg_color", "bg_image_url", "bg_image_file"], given, files, problems) == "bg_image_file"
            ? files["bg_image_file"] : null;

        // 2. Translate what has the same meaning.
        var size = Choice(given, "size", "preview", Sizes, problems);
        var format = Choice(given, "format", "auto", Formats, problems);
        var hasShadow = ReadFixed(given, problems);
        var ours = new Problems(most: int.MaxValue);
        var fields = new RequestFields(ours, shown: field =>
            Fields.FirstOrDefault(pair => pair.Value == field && given.ContainsKey(pair.Key)).Key ?? field,
            longTexts: longTexts);
        foreach (var (name, text) in given)
            if (Fields.TryGetValue(name, out var field))
            {
                // "original" and "0" are remove.bg's defaults: nothing was asked for.
                if (text != "original"
                    && (name != "crop_margin" || given.GetValueOrDefault("crop") == "true" || text != "0"))
                    fields.Put(field, text);
            }
            else problems.Add(Invalid(name, $"is not a known parameter; accepted: image_file, image_file_b64, size, "
                + $"format, bg_image_file, {string.Join(", ", Fields.Keys.Concat(Fixed.Keys))}"));
        if (hasShadow) fields.Put("shadow", "true");
        if (size is { } megapixels)
            fields.Put("megapixels", megapixels.ToString(System.Globalization.CultureInfo.InvariantCulture));

        var request = parser.Read(fields, photo, background);
        problems.AddRange(
            ours.All.Select(problem => new V1Problem("Invalid parameter", "invalid_parameter", problem)));
        if (problems.Count > 0) throw new V1Exception(400, problems);

        // 3. Choose the format; JPEG and ZIP exist on this route only.
        var options = (request.Options ?? new()) with { RequireForeground = true, FindSubject = true };
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
    private static bool ReadFixed(Dictionary<string, string> given, List<V1Problem> problems)
    {
        var hasShadow = given.GetValueOrDefault("shadow_type") == "drop";
        foreach (var (name, (accepted, why)) in Fixed)
            if (given.Remove(name, out var text) && !accepted.Contains(text))
                problems.Add(Invalid(name, $"must be {string.Join(" or ", accepted)}: {why}"));
        return hasShadow;
    }

    private static V1Problem Invalid(string parameter, string problem) =>
        new("Invalid parameter", "invalid_parameter", $"{Problems.Quote(parameter)} {problem}.");
}
