using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using RemoveBg.Core;
using RemoveBg.Functions.Http;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>Operators filter and alert by event id, so an id means one thing and never changes unseen.</summary>
public sealed class LogEventTests
{
    private static readonly Assembly[] Assemblies =
        [typeof(RemoveBgServices).Assembly, typeof(ApiEndpoint).Assembly, typeof(QueuePump).Assembly];

    private static readonly List<(Type Area, LoggerMessageAttribute Event)> Events =
        [.. from assembly in Assemblies
            from type in assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            let attribute = method.GetCustomAttribute<LoggerMessageAttribute>()
            where attribute is not null
            orderby attribute.EventId
            select (type, attribute)];

    [Test]
    public void Each_event_has_an_id_of_its_own() =>
        Assert.That(Events.Select(it => it.Event.EventId), Is.Unique.And.Not.Empty);

    [Test]
    public void Each_area_has_a_block_of_100_ids()
    {
        var blocks = Events.GroupBy(it => it.Area).Select(area => area.Select(it => it.Event.EventId / 100).Distinct());
        Assert.That(blocks.SelectMany(block => block), Is.Unique);
    }

    [Test]
    public void The_documentation_lists_every_event()
    {
        var documented = File.ReadAllLines(Path.Combine(Repo.Root, "docs", "events.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2]));
        Assert.That(documented, Is.EqualTo(Events.Select(it => string.Create(CultureInfo.InvariantCulture,
            $"| {it.Event.EventId} | {Level(it.Event)} | {it.Event.Message} |"))));
    }

    /// <summary>A method without a level takes it as an argument.</summary>
    private static string Level(LoggerMessageAttribute it) =>
        it.Level == LogLevel.None ? "Information or Error" : it.Level.ToString();
}
