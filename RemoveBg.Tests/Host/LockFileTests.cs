using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The files from which CI restores packages (RestoreLockedMode in Directory.Build.props).</summary>
public sealed class LockFileTests
{
    private static IEnumerable<string> Projects() =>
        Directory.GetDirectories(Repo.Root, "RemoveBg.*")
            .Append(Path.Combine(Repo.Root, "eng", "Package"))
            .Where(folder => Directory.GetFiles(folder, "*.csproj").Length > 0)
            .Select(folder => Path.GetRelativePath(Repo.Root, folder));

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

    /// <summary>Restores a folder of its own, with Core's project and a lock file that names another version.</summary>
    [Test]
    public async Task Ci_refuses_a_package_that_is_not_locked()
    {
        using var folder = new TemporaryFolder();
        var core = Path.Combine(folder.Path, "RemoveBg.Core");
        Directory.CreateDirectory(core);
        foreach (var file in new[] { "Directory.Build.props", "Directory.Packages.props", "global.json",
            "RemoveBg.Core/RemoveBg.Core.csproj" })
            File.Copy(Path.Combine(Repo.Root, file), Path.Combine(folder.Path, file));
        var locked = await File.ReadAllTextAsync(Path.Combine(Repo.Root, "RemoveBg.Core", "packages.lock.json"));
        await File.WriteAllTextAsync(Path.Combine(core, "packages.lock.json"),
            locked.Replace("\"requested\": \"[3.2.0, )\"", "\"requested\": \"[3.1.0, )\"",
                StringComparison.Ordinal));

        var (code, output) = await Dotnet.RunAsync(core, new() { ["CI"] = "true" }, "restore");

        Assert.That((code, output), Is.EqualTo((1, output)), output);
        Assert.That(output, Does.Contain("NU1004"));
    }

    [TestCase("true", true)]
    [TestCase("false", false)]
    public async Task A_known_vulnerability_fails_ci_and_warns_elsewhere(string ci, bool fails)
    {
        var (code, output) = await Dotnet.RunAsync(Path.Combine(Repo.Root, "RemoveBg.Core"), new() { ["CI"] = ci },
            "msbuild", "-getProperty:TreatWarningsAsErrors,WarningsNotAsErrors,NuGetAuditMode,NuGetAuditLevel");
        Assert.That(code, Is.Zero, output);
        using var read = JsonDocument.Parse(output);
        var properties = read.RootElement.GetProperty("Properties");
        var excused = properties.Text("WarningsNotAsErrors")!.Split(';');
        Assert.Multiple(() =>
        {
            Assert.That(properties.Text("TreatWarningsAsErrors"), Is.EqualTo("true"));
            Assert.That(properties.Text("NuGetAuditMode"), Is.EqualTo("all"));
            Assert.That(properties.Text("NuGetAuditLevel"), Is.EqualTo("low"));
            foreach (var severity in new[] { "NU1901", "NU1902", "NU1903", "NU1904" })
                Assert.That(excused.Contains(severity), Is.EqualTo(!fails), severity);
            // A feed that cannot tell, or cannot be reached, breaks nothing.
            Assert.That(excused, Is.SupersetOf(["NU1900", "NU1905"]));
        });
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
