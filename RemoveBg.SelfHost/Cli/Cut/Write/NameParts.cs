using System.Text;
using System.Text.RegularExpressions;
using RemoveBg.SelfHost.Cli.Cut.Find;

namespace RemoveBg.SelfHost.Cli.Cut.Write;

/// <summary>The parts in braces that a pattern of <c>--output</c> may have.</summary>
internal static partial class NameParts
{
    private const string Known = "{name}, {ext}, {dir}, {folder}; {{ and }} stand for braces";

    /// <exception cref="UserException">A part is not known, or several photos would get one name.</exception>
    public static string Checked(string pattern, bool isMany)
    {
        var tokens = Token().Matches(pattern).Select(match => match.Value).ToList();
        if (tokens.FirstOrDefault(token => token[0] is '{' or '}' && token is not ("{{" or "}}" or "{name}" or "{ext}"
            or "{dir}" or "{dir}/" or "{folder}")) is { } unknown)
            throw UserException.Usage($"--output {pattern}: {unknown} is not a part of names. Use {Known}.");
        if (isMany && !tokens.Contains("{name}")) throw UserException.Usage(
            $"--output {pattern} gives several photos one name: it needs {{name}}.");
        return pattern;
    }

    /// <summary>Makes a pattern of a path that is meant as it stands.</summary>
    public static string Escape(string path) => path.Replace("{", "{{", StringComparison.Ordinal)
        .Replace("}", "}}", StringComparison.Ordinal);

    /// <summary>Returns the path that a pattern gives a photo.</summary>
    public static string Fill(string pattern, Photo photo, string ending)
    {
        var path = new StringBuilder();
        foreach (Match token in Token().Matches(pattern))
            path.Append(token.Value switch
            {
                "{{" => "{",
                "}}" => "}",
                "{name}" => photo.Name,
                "{ext}" => ending,
                "{folder}" => photo.Folder,
                "{dir}" => photo.Below,
                "{dir}/" => photo.Below.Length > 0 ? photo.Below + "/" : "",
                var text => text,
            });
        return path.ToString();
    }

    [GeneratedRegex(@"\{\{|\}\}|\{dir\}/|\{[^{}]*\}|[^{}]+|[{}]")]
    private static partial Regex Token();
}
