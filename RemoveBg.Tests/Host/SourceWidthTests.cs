using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>Width of the source files.</summary>
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
        var files = Sources(new(Repo.Root)).Concat(Scripts.Select(script => Path.Combine(Repo.Root, script))).ToList();
        Assert.That(files, Has.Count.GreaterThan(300));
        Assert.That(files.SelectMany(WideLines), Is.Empty);
    }

    private static IEnumerable<string> Sources(DirectoryInfo folder)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos())
        {
            // .git, .local and the like.
            if (entry.Name.StartsWith('.')) continue;
            if (entry is FileInfo file && Extensions.Contains(file.Extension)) yield return file.FullName;
            if (entry is DirectoryInfo inner && !NotOurs.Contains(inner.Name))
                foreach (var source in Sources(inner)) yield return source;
        }
    }

    private static IEnumerable<string> WideLines(string file) =>
        File.ReadLines(file).Index().Where(line => line.Item.Length > Widest)
            .Select(line => $"{Path.GetRelativePath(Repo.Root, file)}:{line.Index + 1} has {line.Item.Length} columns");
}
