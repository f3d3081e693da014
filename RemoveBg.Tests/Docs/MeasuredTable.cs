namespace RemoveBg.Tests.Docs;

/// <summary>A table of figures in a Markdown document.</summary>
/// <param name="Heading">The heading above it.</param>
/// <param name="Lead">The text from the heading on, without the tables in it.</param>
/// <param name="Columns">Its first row.</param>
internal sealed record MeasuredTable(string Heading, string Lead, IReadOnlyList<string> Columns)
{
    public override string ToString() => $"{Heading}: | {string.Join(" | ", Columns)} |";

    /// <summary>The tables of a text, in order; a benchmark prints the same Markdown.</summary>
    public static IReadOnlyList<MeasuredTable> In(string text)
    {
        var tables = new List<MeasuredTable>();
        var (heading, lead, isTable) = ("", new List<string>(), false);
        foreach (var line in text.Split('\n').Select(line => line.Trim()))
        {
            var wasTable = isTable;
            isTable = line.StartsWith('|');
            if (line.StartsWith('#'))
            {
                (heading, lead) = (line.TrimStart('#', ' '), []);
            }
            else if (isTable && !wasTable)
            {
                tables.Add(new(heading, string.Join(' ', lead),
                    [.. line.Trim('|').Split('|').Select(cell => cell.Trim())]));
            }
            else if (!isTable) lead.Add(line);
        }
        return tables;
    }
}
