using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Process;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The host's limit on a function, and the job's own limits below it.</summary>
public sealed class FunctionTimeoutTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("functionTimeout").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("""{ "functionTimeout": "00:07:00" }""", 420)]
    [TestCase("""{ "functionTimeout": "-1" }""", null)]
    [TestCase("""{ }""", 300, Description = "the Consumption plan's default")]
    [TestCase(null, 300)]
    public void The_limit_is_read_from_host_json(string? hostJson, int? seconds)
    {
        if (hostJson is not null) File.WriteAllText(Path.Combine(_folder, "host.json"), hostJson);
        Assert.That(Read().Limit?.TotalSeconds, Is.EqualTo((double?)seconds));
    }

    [Test]
    public void An_app_setting_overrides_host_json()
    {
        File.WriteAllText(Path.Combine(_folder, "host.json"), """{ "functionTimeout": "00:07:00" }""");
        Assert.That(Read("00:09:00").Limit, Is.EqualTo(TimeSpan.FromMinutes(9)));
    }

    [TestCase("soon")]
    [TestCase("00:00:00")]
    public void An_invalid_functionTimeout_is_named_in_the_error(string text) =>
        Assert.That(() => Read(text), Throws.TypeOf<InvalidDataException>().With.Message.Contains($"'{text}'"));

    [TestCase(120, 120, 300, true)]
    [TestCase(120, 120, 270, true)]
    [TestCase(120, 120, 269, false)]
    [TestCase(300, 60, 300, false)]
    public void Deadline_and_slot_wait_must_fit_below_the_limit(int deadline, int slotWait, int limit, bool isValid)
    {
        var options = new ProcessOptions
        {
            Deadline = TimeSpan.FromSeconds(deadline),
            SlotWait = TimeSpan.FromSeconds(slotWait),
        };
        var result = new FunctionTimeout.Check(new(TimeSpan.FromSeconds(limit))).Validate(null, options);
        Assert.That(result.Succeeded, Is.EqualTo(isValid));
        if (!isValid) Assert.That(result.FailureMessage,
            Does.Contain("RemoveBg:Process:Deadline").And.Contain("functionTimeout"));
    }

    [Test]
    public void Without_a_limit_everything_fits() =>
        Assert.That(new FunctionTimeout.Check(new((TimeSpan?)null)).Validate(null, new()).Succeeded, Is.True);

    [Test]
    public void A_paused_deadline_does_not_expire_and_resumes_with_the_time_left()
    {
        var clock = new FakeTimeProvider();
        using var time = new RunningTime(clock, NullLogger<RunningTime>.Instance);
        using var deadline = new JobDeadline(TimeSpan.FromSeconds(10), time);
        clock.Advance(TimeSpan.FromSeconds(4));
        deadline.Pause();
        clock.RunFor(TimeSpan.FromHours(1));
        Assert.That(deadline.Expired.IsCancellationRequested, Is.False);
        deadline.Resume();
        clock.RunFor(TimeSpan.FromSeconds(5.9));
        Assert.That(deadline.Expired.IsCancellationRequested, Is.False);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.That(deadline.Expired.IsCancellationRequested, Is.True);
    }

    private FunctionTimeout Read(string? setting = null) => FunctionTimeout.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new("AzureFunctionsJobHost:functionTimeout", setting)])
            .Build(), _folder);
}
