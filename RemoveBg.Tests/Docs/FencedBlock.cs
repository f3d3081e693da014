using System.Text.RegularExpressions;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Docs;

/// <summary>A fenced block of a Markdown document.</summary>
/// <param name="Document">Path below the repository.</param>
/// <param name="Line">Line of the opening fence, from 1.</param>
/// <param name="Language">Info string of the fence; may be empty.</param>
/// <param name="Code">Text between the fences.</param>
/// <param name="NotRun">Reason in a comment <c>&lt;!-- not run: reason --&gt;</c> above the block, else null.</param>
internal sealed partial record FencedBlock(string Document, int Line, string Language, string Code, string? NotRun)
{
    /// <summary>README.md and all documents below docs.</summary>
    public static IReadOnlyList<string> Documents { get; } =
    [
        "README.md",
        .. Directory.GetFiles(Path.Combine(Repo.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repo.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    public override string ToString() => $"{Document}:{Line} {Language}";

    /// <exception cref="FormatException">A block is not closed.</exception>
    public static IReadOnlyList<FencedBlock> In(string document) =>
        Parse(document, File.ReadAllText(Path.Combine(Repo.Root, document)));

    /// <inheritdoc cref="In" />
    public static IReadOnlyList<FencedBlock> Parse(string document, string text)
    {
        var blocks = new List<FencedBlock>();
        var lines = text.Split('\n');
        string? above = null;
        for (var line = 0; line < lines.Length; line++)
        {
            if (Fence().Match(lines[line]) is { Success: true } fence)
            {
                var end = Array.FindIndex(lines, line + 1, other => other.Trim() == "```");
                if (end < 0) throw new FormatException($"{document}:{line + 1}: the block is not closed.");
                blocks.Add(new(document, line + 1, fence.Groups["info"].Value.Trim(),
                    string.Concat(lines[(line + 1)..end].Select(code => code + "\n")),
                    above is not null && Marker().Match(above) is { Success: true } marker
                        ? marker.Groups["reason"].Value : null));
                line = end;
                above = null;
            }
            else if (!string.IsNullOrWhiteSpace(lines[line])) above = lines[line].Trim();
        }
        return blocks;
    }

    [GeneratedRegex("^ *```(?<info>.*)$")]
    private static partial Regex Fence();

    [GeneratedRegex("^<!-- not run: (?<reason>.+) -->$")]
    private static partial Regex Marker();
}
