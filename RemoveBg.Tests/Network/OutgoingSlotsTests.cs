using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core.Network;

namespace RemoveBg.Tests.Network;

/// <summary>Slots for requests to servers that callers named, on a clock that the tests move.</summary>
public sealed class OutgoingSlotsTests
{
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(2), Hang = TimeSpan.FromSeconds(15);

    private readonly FakeTimeProvider _clock = new();
    private OutgoingSlots _slots = null!;

    [SetUp]
    public void Open() => _slots = new(slots: 14, perServer: 3, SlowAfter, _clock);

    [Test]
    public void A_key_alone_gets_four_slots() => Assert.That(Fill("greedy"), Has.Count.EqualTo(4));

    [Test]
    public void A_key_gets_no_more_than_its_share_at_one_server_and_another_key_is_not_touched()
    {
        for (var i = 0; i < 3; i++) Enter("first", "https://shared.example.com");
        Assert.That(TryEnter("first", "https://shared.example.com"), Is.Null);
        Assert.That(TryEnter("first", "https://other.example.com"), Is.Not.Null);
        Assert.That(TryEnter("second", "https://shared.example.com"), Is.Not.Null);
    }

    [Test]
    public void After_ten_keys_have_taken_all_they_can_get_an_eleventh_finds_a_slot()
    {
        for (var key = 0; key < 10; key++) Assert.That(Fill($"key {key}"), Is.Not.Empty);
        Assert.That(TryEnter("eleventh", "https://good.example.com"), Is.Not.Null);
    }

    [Test]
    public void Slow_servers_leave_a_third_of_the_slots_to_others()
    {
        for (var key = 0; key < 20; key++) MakeSlow($"slow {key}");
        var taken = Enumerable.Range(0, 20).Count(key => TryEnter($"slow {key}", Server($"slow {key}")) is not null);
        Assert.That(taken, Is.EqualTo(9));
        Assert.That(TryEnter("slow 0", Server("slow 0")), Is.Null, "one each");
        for (var key = 0; key < 5; key++)
            Assert.That(TryEnter($"good {key}", "https://good.example.com"), Is.Not.Null);
    }

    [Test]
    public void A_server_that_answers_in_time_is_no_longer_slow()
    {
        for (var key = 0; key < 9; key++) MakeSlow($"slow {key}");
        MakeSlow("mended");
        Request("mended", TimeSpan.FromSeconds(1));
        for (var key = 0; key < 9; key++) Enter($"slow {key}", Server($"slow {key}"));
        Assert.That(TryEnter("mended", Server("mended")), Is.Not.Null);
    }

    [Test]
    public void A_request_that_was_never_sent_says_nothing_about_its_server()
    {
        for (var key = 0; key < 10; key++) MakeSlow($"slow {key}");
        Enter("slow 9", Server("slow 9")).Dispose();
        for (var key = 0; key < 9; key++) Enter($"slow {key}", Server($"slow {key}"));
        Assert.That(TryEnter("slow 9", Server("slow 9")), Is.Null);
    }

    [Test]
    public void A_server_is_slow_as_soon_as_a_request_hangs()
    {
        for (var key = 0; key < 2; key++) Enter($"hanging {key}", Server($"hanging {key}")).Start();
        _clock.Advance(SlowAfter + TimeSpan.FromSeconds(1));
        Assert.That(TryEnter("hanging 0", Server("hanging 0")), Is.Null, "no second one");
        Assert.That(TryEnter("hanging 0", "https://good.example.com"), Is.Not.Null);
    }

    [Test]
    public void The_key_that_has_waited_longest_without_a_slot_gets_the_next_one()
    {
        for (var key = 0; key < 11; key++) MakeSlow($"slow {key}");
        var taken = Enumerable.Range(0, 9).Select(key => Enter($"slow {key}", Server($"slow {key}"))).ToList();
        Assert.That(TryEnter("slow 9", Server("slow 9")), Is.Null);
        Assert.That(TryEnter("slow 10", Server("slow 10")), Is.Null);
        taken[0].Dispose();
        Assert.That(TryEnter("slow 10", Server("slow 10")), Is.Null, "it came later");
        Assert.That(TryEnter("slow 0", Server("slow 0")), Is.Null, "it has just had one");
        Assert.That(TryEnter("slow 9", Server("slow 9")), Is.Not.Null);
    }

    [Test]
    public void A_key_whose_message_does_not_come_back_loses_its_place()
    {
        for (var key = 0; key < 10; key++) MakeSlow($"slow {key}");
        var taken = Enumerable.Range(0, 9).Select(key => Enter($"slow {key}", Server($"slow {key}"))).ToList();
        Assert.That(TryEnter("slow 9", Server("slow 9")), Is.Null);
        taken[0].Dispose();
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.That(TryEnter("slow 0", Server("slow 0")), Is.Not.Null);
    }

    [Test]
    public void The_refused_messages_of_a_hanging_key_come_back_one_by_one_and_within_five_minutes()
    {
        for (var i = 0; i < 3; i++) Enter("hanging", "https://a.example.com").Start();
        _clock.Advance(Hang);
        var waits = Enumerable.Range(0, 50).Select(_ =>
        {
            Assert.That(_slots.TryEnter("hanging", "https://a.example.com", out var wait), Is.Null);
            return wait;
        }).ToList();
        Assert.That(waits, Is.Ordered.Ascending);
        Assert.That(waits[9], Is.EqualTo(Hang / 3 * 10), "as fast as three slots of 15 s each are free again");
        for (var i = 0; i < 100; i++) _slots.TryEnter("hanging", "https://a.example.com", out _);
        _slots.TryEnter("hanging", "https://a.example.com", out var longest);
        Assert.That(longest, Is.EqualTo(TimeSpan.FromMinutes(5)));
    }

    [Test]
    public void A_refused_message_of_a_fast_key_comes_back_after_a_second()
    {
        for (var i = 0; i < 3; i++) Enter("fast", "https://a.example.com").Start();
        _slots.TryEnter("fast", "https://a.example.com", out var wait);
        Assert.That(wait, Is.EqualTo(TimeSpan.FromSeconds(1)));
    }

    /// <summary>Takes slots at ever other servers until the key is refused one.</summary>
    private List<OutgoingSlots.Slot> Fill(string key)
    {
        var taken = new List<OutgoingSlots.Slot>();
        while (TryEnter(key, $"https://{taken.Count}.example.com") is { } slot) taken.Add(slot);
        return taken;
    }

    private void MakeSlow(string key) => Request(key, Hang);

    private void Request(string key, TimeSpan duration)
    {
        using var slot = Enter(key, Server(key));
        slot.Start();
        _clock.Advance(duration);
    }

    private OutgoingSlots.Slot Enter(string key, string server) =>
        TryEnter(key, server) ?? throw new AssertionException($"No slot for {key} at {server}.");

    private OutgoingSlots.Slot? TryEnter(string key, string server) => _slots.TryEnter(key, server, out _);

    private static string Server(string key) => $"https://{key.Replace(' ', '-')}.example.com";
}
