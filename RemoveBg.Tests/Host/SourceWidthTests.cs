using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>Width of the source files and of the documents.</summary>
public sealed class SourceWidthTests
{
    private const int Widest = 120;

    private static readonly string[] Extensions = [".cs", ".js", ".mjs", ".py", ".sh"];

    /// <summary>Scripts without an extension.</summary>
    private static readonly string[] Scripts = ["run", "test", "bench", "training/make", ".ci/run"];

    /// <summary>Folders of build output and packages.</summary>
    private static readonly string[] NotOurs = ["bin", "obj", "node_modules", "artifacts"];

    [Test]
    public void Every_line_of_source_has_at_most_120_columns()
    {
        var files = Files(new(Repo.Root), Extensions)
            .Concat(Scripts.Select(script => Path.Combine(Repo.Root, script))).ToList();
        Assert.That(files, Has.Count.GreaterThan(300));
        Assert.That(files.SelectMany(file => WideLines(file, File.ReadLines(file))), Is.Empty);
    }

    [Test]
    public void Every_line_of_prose_has_at_most_120_columns()
    {
        var files = Files(new(Repo.Root), [".md"]).ToList();
        Assert.That(files, Has.Count.GreaterThan(40));
        Assert.That(files.SelectMany(file => WideLines(file, ProseOf(file))), Is.Empty);
    }

    private static IEnumerable<string> Files(DirectoryInfo folder, string[] extensions)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos())
        {
            // .git, .local and the like.
            if (entry.Name.StartsWith('.')) continue;
            if (entry is FileInfo file && extensions.Contains(file.Extension)) yield return file.FullName;
            if (entry is DirectoryInfo inner && !NotOurs.Contains(inner.Name))
                foreach (var found in Files(inner, extensions)) yield return found;
        }
    }

    /// <summary>The lines of a document, those of code, tables, headings and HTML left empty: they cannot be
    /// wrapped.</summary>
    private static IEnumerable<string> ProseOf(string file)
    {
        var isCode = false;
        foreach (var line in File.ReadLines(file))
        {
            var start = line.TrimStart();
            if (start.StartsWith("```", StringComparison.Ordinal)) isCode = !isCode;
            yield return isCode || start is ['|' or '#' or '<', ..] ? "" : line;
        }
    }

    private static IEnumerable<string> WideLines(string file, IEnumerable<string> lines) =>
        lines.Index().Where(line => line.Item.Length > Widest)
            .Select(line => $"{Path.GetRelativePath(Repo.Root, file)}:{line.Index + 1} has {line.Item.Length} columns");
}
