using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RemoveBg.Core.Network;

/// <summary>Resolves a Location header as browsers do (RFC 3986, section 5.2, and the WHATWG URL Standard).</summary>
/// <remarks>System.Uri would rewrite escapes such as %41, which breaks signed URLs. The result is only text:
/// <see cref="UrlPolicy"/> has to check it.</remarks>
internal static partial class UrlReference
{
    /// <summary>Resolves a reference.</summary>
    /// <param name="source">Absolute http or https URL of the response.</param>
    /// <param name="reference">Value of the header, each byte as one character.</param>
    /// <returns>An absolute URL without a fragment.</returns>
    public static string Resolve(string source, string reference)
    {
        // 1. What every parser of URLs ignores, and the fragment.
        var text = string.Concat(reference.Trim(Ignored).Where(c => c is not ('\t' or '\n' or '\r'))).Split('#')[0];
        var (path, query) = Split(text);
        path = path.Replace('\\', '/');
        var given = Parts().Match(source.Split('#')[0]);
        var (scheme, authority) = (given.Groups["scheme"].Value.ToLowerInvariant(), given.Groups["authority"].Value);

        // 2. An absolute URL. "https:photo.jpg" is one only if the schemes differ.
        var colon = Scheme().Match(path);
        if (colon.Success)
        {
            var own = colon.Groups[1].Value.ToLowerInvariant();
            if (own is not ("http" or "https")) return text;
            path = path[(own.Length + 1)..];
            if (own != scheme || path.StartsWith("//", StringComparison.Ordinal)) return Absolute(own, path, query);
        }

        // 3. A reference to another host, to a path, or to a file beside this one.
        if (path.StartsWith("//", StringComparison.Ordinal)) return Absolute(scheme, path, query);
        var (ownPath, ownQuery) = Split(given.Groups["rest"].Value);
        if (path.Length == 0) (path, query) = (ownPath, query ?? ownQuery);
        else if (path[0] != '/') path = $"{ownPath[..Math.Max(0, ownPath.LastIndexOf('/'))]}/{path}";
        return $"{scheme}://{authority}{Path(path)}{Query(query)}";
    }

    /// <summary>C0 controls and the blank.</summary>
    private static readonly char[] Ignored = [.. Enumerable.Range(0, 33).Select(code => (char)code)];

    private static string Absolute(string scheme, string rest, string? query)
    {
        rest = rest.TrimStart('/');
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (host, path) = slash < 0 ? (rest, "") : (rest[..slash], rest[slash..]);
        return $"{scheme}://{Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(host))}{Path(path)}{Query(query)}";
    }

    private static (string Path, string? Query) Split(string text)
    {
        var at = text.IndexOf('?', StringComparison.Ordinal);
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }

    /// <summary>Removes segments of dots, escaped ones too (RFC 3986, section 5.2.4).</summary>
    private static string Path(string path)
    {
        var kept = new List<string>();
        var segments = path.TrimStart('/').Length == path.Length ? [] : path[1..].Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            var plain = segments[i].Replace("%2e", ".", StringComparison.OrdinalIgnoreCase);
            if (plain == ".." && kept.Count > 0) kept.RemoveAt(kept.Count - 1);
            if (plain is not ("." or "..")) kept.Add(segments[i]);
            else if (i == segments.Length - 1) kept.Add("");
        }
        return "/" + Escape(string.Join('/', kept), "\"<>`{} ");
    }

    private static string Query(string? query) => query is null ? "" : "?" + Escape(query, "\"<>' ");

    private static string Escape(string text, string also) => string.Concat(text.Select(c => c > 126 || c < 33
        || also.Contains(c) ? "%" + ((int)c).ToString("X2", CultureInfo.InvariantCulture) : c.ToString()));

    [GeneratedRegex("^(?<scheme>[^:]*)://(?<authority>[^/?]*)(?<rest>.*)$", RegexOptions.Singleline)]
    private static partial Regex Parts();

    [GeneratedRegex("^([A-Za-z][A-Za-z0-9+.-]*):")]
    private static partial Regex Scheme();
}
