namespace RemoveBg.Core;

/// <summary>The part of the service that a process does, so that each part can be scaled by itself.</summary>
/// <remarks>Only the self-host divides the service; on a Functions host a process has all parts, and the platform
/// scales the functions.</remarks>
public sealed class ServiceRole
{
    /// <summary>The setting that names the role; in environment variables <see cref="Variable"/>.</summary>
    public const string Setting = "RemoveBg:Role";

    public const string Variable = "RemoveBg__Role";

    public static readonly ServiceRole
        All = new("all") { ServesHttp = true, TakesMessages = true, RunsTimers = true },
        Web = new("web") { ServesHttp = true },
        Worker = new("worker") { TakesMessages = true },
        Sweeper = new("sweeper") { RunsTimers = true };

    private static readonly ServiceRole[] Roles = [All, Web, Worker, Sweeper];

    private ServiceRole(string name) => Name = name;

    public static IEnumerable<string> Names => Roles.Select(role => role.Name);

    public string Name { get; }

    /// <summary>Whether it serves the API and the page. Every role serves the health checks.</summary>
    public bool ServesHttp { get; private init; }

    /// <summary>Whether it takes messages of the queues: cuts out photos and delivers webhooks.</summary>
    public bool TakesMessages { get; private init; }

    /// <summary>Whether it runs the timers: resends overdue work and erases what is expired.</summary>
    public bool RunsTimers { get; private init; }

    /// <summary>Whether it loads the model.</summary>
    public bool NeedsModel => TakesMessages;

    /// <summary>Whether it signs anything.</summary>
    public bool NeedsSecrets => ServesHttp || TakesMessages;

    /// <summary>Returns the role of a name, all without one, or null if there is none of that name.</summary>
    public static ServiceRole? Find(string? name) =>
        string.IsNullOrEmpty(name) ? All : Array.Find(Roles, role => role.Name == name);

    /// <summary>Says which names there are.</summary>
    /// <param name="setting">Name of the option or setting.</param>
    /// <param name="value">Its wrong value.</param>
    public static string Refusal(string setting, string value) =>
        $"{setting} must be {string.Join(", ", Names.SkipLast(1))} or {Names.Last()}, not '{value}'.";
}
