using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The files from which CI restores packages (RestoreLockedMode in Directory.Build.props).</summary>
public sealed class LockFileTests
{
    private static IEnumerable<string> Projects() =>
        Directory.GetDirectories(Repo.Root, "RemoveBg.*")
            .Where(folder => Directory.GetFiles(folder, "*.csproj").Length > 0)
            .Select(Path.GetFileName)!;

    [TestCaseSource(nameof(Projects))]
    public void A_project_has_a_lock_file_with_the_hash_of_every_package(string project)
    {
        using var locked = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repo.Root, project, "packages.lock.json")));
        var packages = locked.RootElement.GetProperty("dependencies").GetProperty("net10.0").EnumerateObject()
            .Where(package => package.Value.GetProperty("type").GetString() != "Project").ToList();
        Assert.That(packages, Is.Not.Empty);
        Assert.That(packages,
            Is.All.Matches<JsonProperty>(package => package.Value.TryGetProperty("contentHash", out _)));
    }

    /// <summary>The package for Azure is restored for a platform, and publish does not restore again.</summary>
    [Test]
    public void The_functions_are_locked_for_64_bit_linux_too()
    {
        var file = Path.Combine(Repo.Root, "RemoveBg.Functions", "packages.lock.json");
        using var locked = JsonDocument.Parse(File.ReadAllText(file));
        Assert.That(locked.RootElement.GetProperty("dependencies").TryGetProperty("net10.0/linux-x64", out _), Is.True);
    }
}
