using System.Text;

namespace RemoveBg.Package;

/// <summary>Writes the list of licences, and the texts that must travel with the parts.</summary>
internal static class Notices
{
    public static string Write(Options options, IReadOnlyList<Component> components)
    {
        var texts = new List<string>();
        var text = new StringBuilder();
        text.Append($"Third-party notices of {options.Name} {options.Version}\n\n"
            + "Each part with its licence. Numbers in brackets refer to the texts below.\n\n");
        foreach (var component in components) Append(text, component, texts, indent: "");
        foreach (var (index, content) in texts.Index())
            text.Append($"\n{new string('=', 100)}\n[{index + 1}]\n\n{content}\n");
        return text.ToString();
    }

    private static void Append(StringBuilder text, Component component, List<string> texts, string indent)
    {
        text.Append($"{indent}{component.Name} {component.Version}: {component.Licence.Text}");
        foreach (var content in component.Texts.Concat(Standard(component)).Select(Clean))
        {
            if (!texts.Contains(content)) texts.Add(content);
            text.Append($" [{texts.IndexOf(content) + 1}]");
        }
        text.Append('\n');
        if (component.Copyright is { Length: > 0 } copyright) text.Append($"{indent}  {Clean(copyright)}\n");
        if (component.Address is { Length: > 0 } address) text.Append($"{indent}  {address}\n");
        foreach (var part in component.Parts) Append(text, part, texts, indent + "    ");
    }

    /// <returns>The licence's text from the folder Licences. LGPL 3 adds to GPL 3, so both are given.</returns>
    private static IEnumerable<string> Standard(Component component) => component.Licence switch
    {
        { IsSpdx: false } => [],
        { Text: "LGPL-3.0-or-later" } => [Read("LGPL-3.0"), Read("GPL-3.0")],
        { Text: var id } when File.Exists(PathOf(id)) => [Read(id)],
        // Of the libraries inside libvips, its package's notices have what they need.
        _ when component.Files.Count == 0 => [],
        { Text: var id } => throw new PackageException(
            $"eng/Package/Licences has no text of {id}, the licence of {component.Name}."),
    };

    private static string Read(string id) => File.ReadAllText(PathOf(id));

    private static string PathOf(string id) => Path.Combine(AppContext.BaseDirectory, "Licences", $"{id}.txt");

    private static string Clean(string text) => text.Trim('\uFEFF').ReplaceLineEndings("\n").Trim();
}
