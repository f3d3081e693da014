using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Clients;

/// <summary>The programs in C# compile in the clone, too, whose own projects have stricter rules.</summary>
public sealed class SnippetInCloneTests
{
    [TestCaseSource(nameof(Programs))]
    public async Task A_program_of_one_file_compiles_below_the_clone_and_leaves_nothing(object program)
    {
        var snippet = (Snippet)program;
        var folder = Path.Combine(Repo.Root, "artifacts", $"snippet-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "program.cs"),
                snippet.Code.Replace("#:project ", $"#:project {Repo.Root}/", StringComparison.Ordinal));
            var (code, output) = await Dotnet.RunAsync(folder, new() { ["UseSharedCompilation"] = "false",
                ["MSBUILDDISABLENODEREUSE"] = "1" }, "build", "program.cs");
            Assert.That(code, Is.Zero, output);
            Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName), Is.EqualTo(new[] { "program.cs" }));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<Snippet> Programs() =>
        Snippet.In("docs/clients.md").Where(snippet => snippet.Language == "csharp");
}
