using System.Text.RegularExpressions;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

public sealed partial class WorkflowTests
{
    private static IEnumerable<string> Workflows() =>
        Directory.GetFiles(Path.Combine(Repo.Root, ".github", "workflows"), "*.yml").Select(Path.GetFileName)!;

    [TestCaseSource(nameof(Workflows))]
    public void Actions_are_pinned_to_a_commit_and_nothing_is_permitted_by_default(string file)
    {
        var lines = File.ReadAllLines(Path.Combine(Repo.Root, ".github", "workflows", file));
        var used = lines.Where(line => line.Contains("uses:", StringComparison.Ordinal)).ToList();
        Assert.That(used, Is.Not.Empty);
        Assert.That(used, Is.All.Matches<string>(line => Pinned().IsMatch(line)));
        Assert.That(lines, Does.Contain("permissions: {}"));
        Assert.That(lines, Has.Some.Contains("timeout-minutes:"));
    }

    [Test]
    public void Ci_runs_what_a_developer_runs() =>
        Assert.That(File.ReadAllText(Path.Combine(Repo.Root, ".github", "workflows", "ci.yml")),
            Does.Contain("- run: .ci/run"));

    [Test]
    public void Every_long_run_of_the_test_script_has_its_night()
    {
        var runs = LongRun().Matches(File.ReadAllText(Path.Combine(Repo.Root, "test")))
            .Select(match => match.Groups[1].Value).Except(["--filter", "--coverage"]).ToList();
        Assert.That(runs, Has.Count.GreaterThanOrEqualTo(4));
        var matrix = File.ReadLines(Path.Combine(Repo.Root, ".github", "workflows", "nightly.yml"))
            .Single(line => line.Contains("run: [", StringComparison.Ordinal));
        Assert.That(runs, Is.All.Matches<string>(run => matrix.Contains(run, StringComparison.Ordinal)), matrix);
    }

    [Test]
    public void The_container_is_described_with_its_base_image()
    {
        var dockerfile = File.ReadAllText(Path.Combine(Repo.Root, "Dockerfile"));
        Assert.That(dockerfile, Does.Match(@"(?m)^FROM \S+ AS base$").And.Match("(?m)^FROM base$")
            .And.Contain("--mount=type=bind,from=base,target=/base").And.Contain("-p:BaseImageRoot=/base"));
        Assert.That(File.ReadAllText(Path.Combine(Repo.Root, ".github", "workflows", "ci.yml")),
            Does.Contain("removebg:/app/sbom.cdx.json"));
    }

    [TestCase("ci.yml")]
    [TestCase("deploy.yml")]
    public void The_zip_for_azure_is_written_by_publish(string file) =>
        Assert.That(File.ReadAllText(Path.Combine(Repo.Root, ".github", "workflows", file)),
            Does.Contain("dotnet publish RemoveBg.Functions -c Release -o publish -p:PackageFile=app.zip")
                .And.Not.Contain("zip -r"));

    /// <summary>A stored copy would undo each rotation.</summary>
    [Test]
    public void The_deployment_has_no_webhook_secret_and_ends_with_a_smoke_test()
    {
        var deploy = File.ReadAllText(Path.Combine(Repo.Root, ".github", "workflows", "deploy.yml"));
        Assert.That(deploy, Does.Contain("- run: infra/azure.sh up").And.Not.Contain("WEBHOOK_SECRETS"));
        Assert.That(File.ReadAllText(Path.Combine(Repo.Root, "infra", "azure.sh")),
            Does.Match(@"(?s)up\(\) \{.*publish\n  ready\n  try\n\}"));
    }

    [TestCase(".gitignore", ".azure/", "publish/", "app.zip")]
    [TestCase(".dockerignore", ".azure", "publish", "app.zip")]
    public void Azds_settings_and_packages_stay_out_of_commits_and_images(string file, params string[] ignored) =>
        Assert.That(File.ReadAllLines(Path.Combine(Repo.Root, file)), Is.SupersetOf(ignored));

    [GeneratedRegex(@"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"(?m)^  (--[a-z]+)\)")]
    private static partial Regex LongRun();
}
