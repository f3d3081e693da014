using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core;
using RemoveBg.Core.Sweep;
using RemoveBg.Functions;
using RemoveBg.SelfHost.Cli;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.Tests.Host;

namespace RemoveBg.Tests.Given;

/// <summary>Rules that every platform of the image must keep.</summary>
internal static partial class ContainerRules
{
    /// <summary>Settings that others than the service read.</summary>
    private static readonly string[] OfOthers =
    [
        "AzureWebJobsStorage__accountName", "AzureWebJobsStorage__blobServiceUri",
        "AzureWebJobsStorage__queueServiceUri", "AzureWebJobsStorage__tableServiceUri",
        "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId", "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "OTEL_SERVICE_NAME",
    ];

    /// <summary>Time that a process needs to end, with some to spare: for requests and jobs, and then for the last
    /// telemetry.</summary>
    public static TimeSpan LeastGrace { get; } =
        new[] { CommandLine.StopTime, HostApp.StopTime + TimeSpan.FromSeconds(10) }.Max();

    /// <summary>The port that the image's command listens on.</summary>
    public static int Port { get; } = int.Parse(
        ListenOptions().Match(File.ReadAllText(Path.Combine(Repo.Root, "Dockerfile"))).Groups[1].Value,
        CultureInfo.InvariantCulture);

    /// <summary>The paths that a process of every role serves.</summary>
    public static IReadOnlyList<string> HealthPaths { get; } =
        [.. typeof(HealthHttp).GetMethods().SelectMany(method => method.GetParameters())
            .Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).OfType<HttpTriggerAttribute>()
            .Select(trigger => $"/{trigger.Route}")];

    public static void CheckSettings(IEnumerable<string> names) => Assert.That(
        names.Except(OfOthers).Select(name => name.Replace("__", ":", StringComparison.Ordinal)),
        Is.SubsetOf(ShippedSettingsTests.AllSettings()), "an unknown setting");

    /// <summary>Checks the role that a container's variable names.</summary>
    /// <param name="variables">Items of <c>name</c> and <c>value</c>.</param>
    /// <param name="role">What it must be.</param>
    public static void CheckRole(JsonElement variables, string role)
    {
        Assert.That(ServiceRole.Names, Does.Contain(role));
        Assert.That(variables.EnumerateArray().Single(it => it.Text("name") == ServiceRole.Variable).Text("value"),
            Is.EqualTo(role));
    }

    /// <summary>Checks a probe.</summary>
    /// <param name="kind"><c>startup</c>, <c>readiness</c> or <c>liveness</c>.</param>
    /// <param name="path">What it requests.</param>
    public static void CheckProbe(string kind, string path)
    {
        Assert.That(HealthPaths, Does.Contain(path), kind);
        // A restart does not repair storage, so liveness must not depend on it.
        Assert.That(path, Is.EqualTo(kind == "liveness" ? "/healthz" : "/readyz"), kind);
    }

    /// <summary>Checks the command of a scheduled sweep, and the time that it has.</summary>
    public static void CheckSweep(JsonElement command, int limitSeconds)
    {
        var words = command.EnumerateArray().Select(word => word.GetString()!).ToList();
        Assert.That(words[..2], Is.EqualTo(new[] { "dotnet", "RemoveBg.SelfHost.dll" }));
        var parsed = CommandLine.Create().Parse(words[2..]);
        Assert.That((parsed.Errors.Count, parsed.CommandResult.Command.Name), Is.EqualTo((0, "sweep")));
        Assert.That(TimeSpan.FromSeconds(limitSeconds), Is.GreaterThan(SweepArtworks.LongestRun
            + EraseExpired.LongestRun + TimeSpan.FromSeconds(30)), "a sweep and an erasure end by themselves");
    }

    [GeneratedRegex("""CMD \["--listen", "0\.0\.0\.0", "--port", "(\d+)"\]""")]
    private static partial Regex ListenOptions();
}
