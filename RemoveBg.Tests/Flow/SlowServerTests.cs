using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Keys whose sources or receivers hang for as long as a test runs, beside one whose servers answer.</summary>
public sealed class SlowServerTests
{
    private static readonly int Slots = new WebhookOptions().MaxAtOnce;

    private Caller _caller = null!;
    private string _photo = null!, _missing = null!;

    [SetUp]
    public async Task Start()
    {
        _caller = await Caller.StartAsync();
        _photo = _caller.Serve(SmallPhotos.Of("scene-toycar.jpg"));
        _missing = _caller.Url + "/missing.jpg";
    }

    [TearDown]
    public async Task Stop() => await _caller.DisposeAsync();

    [TestCase(1, 4)]
    [TestCase(10, 13)]
    public async Task Hanging_receivers_of_some_keys_do_not_delay_another_keys_webhook(int attackers, int slots)
    {
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Webhook:Timeout"] = "00:02:00" });
        using var hanging = new HangingServers(28);
        await SubmitAsync(host, attackers, 40, number => new { imageUrl = _missing,
            webhook = hanging.Urls[number % hanging.Urls.Count] });
        await Eventually.HoldsAsync(() => hanging.Open >= slots, $"{slots} webhooks hang");

        for (var webhook = 1; webhook <= 3; webhook++)
        {
            await host.CutOutAsync(_photo, _caller.WebhookUrl);
            await _caller.UntilDeliveredAsync(webhook);
        }
        Assert.That(hanging.Open, Is.InRange(slots, Slots), "they still hang, and no more than there are slots");
    }

    [TestCase(1, 4)]
    [TestCase(3, 6)]
    [TestCase(10, 13)]
    public async Task Hanging_sources_of_some_keys_do_not_delay_another_keys_artwork(int attackers, int slots)
    {
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Fetch:TotalTimeout"] = "00:05:00",
            ["RemoveBg:Fetch:IdleTimeout"] = "00:05:00" });
        using var hanging = new HangingServers(28);
        await SubmitAsync(host, attackers, 40, number => new { imageUrl = hanging.Urls[number % hanging.Urls.Count] });
        await Eventually.HoldsAsync(() => hanging.Open >= slots, $"{slots} downloads hang");

        for (var job = 1; job <= 3; job++)
            Assert.That((await host.CutOutAsync(_photo)).Text("status"), Is.EqualTo("succeeded"));
        Assert.That(hanging.Open, Is.InRange(slots, Slots), "they still hang, and no more than there are slots");
    }

    [Test]
    public async Task A_key_with_a_hanging_source_still_gets_its_other_photos()
    {
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Fetch:TotalTimeout"] = "00:05:00",
            ["RemoveBg:Fetch:IdleTimeout"] = "00:05:00" });
        using var hanging = new HangingServers(1);
        using (await host.SubmitAsync(new { imageUrl = hanging.Urls[0] })) { }
        await Eventually.HoldsAsync(() => hanging.Open == 1, "the download hangs");
        Assert.That((await host.CutOutAsync(_photo)).Text("status"), Is.EqualTo("succeeded"));
    }

    /// <summary>Attacks as it comes, with the timeouts of production, while another key works.</summary>
    [Test, Category("Chaos")]
    public async Task Under_a_lasting_attack_by_ten_keys_another_keys_webhooks_arrive_within_half_a_timeout()
    {
        await using var host = await RunningHost.StartAsync();
        using var hanging = new HangingServers(28);
        var longest = TimeSpan.Zero;
        for (var wave = 0; wave < 6; wave++)
        {
            await SubmitAsync(host, 10, 60, number =>
            {
                var url = hanging.Urls[number % hanging.Urls.Count];
                return number / 10 % 2 == 0 ? new { imageUrl = _missing, webhook = url } : new { imageUrl = url };
            });
            var start = TimeProvider.System.GetTimestamp();
            await host.CutOutAsync(_photo, _caller.WebhookUrl);
            await _caller.UntilDeliveredAsync(wave + 1);
            var took = TimeProvider.System.GetElapsedTime(start);
            if (took > longest) longest = took;
            await TestContext.Out.WriteLineAsync($"wave {wave}: {took.TotalSeconds:0.0} s");
            await Task.Delay(TimeSpan.FromSeconds(10), TimeProvider.System);
        }
        // Half of a webhook's timeout: a webhook that waits for a hanging one takes longer.
        Assert.That(longest, Is.LessThan(new WebhookOptions().Timeout / 2));
    }

    /// <summary>Submits jobs of keys in turn.</summary>
    private static async Task SubmitAsync(RunningHost host, int keys, int jobs, Func<int, object> body)
    {
        var clients = new List<HttpClient>();
        for (var key = 0; key < keys; key++) clients.Add(host.ClientWith(await host.AddKeyAsync($"attacker {key}")));
        for (var number = 0; number < jobs; number++)
        {
            using var response = await host.SubmitAsync(body(number), clients[number % keys]);
            Assert.That((int)response.StatusCode, Is.EqualTo(202));
        }
        foreach (var client in clients) client.Dispose();
    }
}
