using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Several sweepers on one storage, as processes of a scheduler may overlap.</summary>
public sealed class SweepersTests : BusyKeyTests
{
    [Test]
    public async Task Two_sweepers_at_once_send_each_lost_message_once()
    {
        await using var first = await SweeperAsync();
        await using var second = await SweeperAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SubmitAsync(Photo)));
        await SubmitBusyAsync(6);
        var expected = ids.Length + 2;
        for (var round = 0; round < 5; round++)
        {
            await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
            // The longer an artwork has waited, the longer is the sweeper's patience.
            Clock.Advance(TimeSpan.FromMinutes(11));
            await Task.WhenAll(new[] { first, second }
                .Select(host => host.Get<SweepArtworks>().SweepAsync(CancellationToken.None)));
            // The hosts' timers sweep as well; what they have begun they finish.
            await Eventually.HoldsAsync(async () => await WaitingAsync(ArtworkQueues.Artworks) >= expected,
                "all are sent");
            Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(expected), $"round {round}");
        }
    }

    [Test]
    public async Task Two_sweepers_at_once_end_and_erase_each_expired_artwork_once()
    {
        await using var first = await SweeperAsync();
        await using var second = await SweeperAsync();
        for (var i = 0; i < 8; i++) await SubmitAsync(Photo);
        Clock.Advance(TimeSpan.FromDays(7) + TimeSpan.FromHours(1));
        // One that a sweep changes meanwhile is left to the next run.
        await Eventually.HoldsAsync(async () =>
        {
            await EraseAsync();
            return await WaitingAsync(ArtworkQueues.Webhooks) >= 8;
        }, "all are ended");
        await EraseAsync();
        Assert.That(await WaitingAsync(ArtworkQueues.Webhooks), Is.EqualTo(8), "each is announced once");
        Assert.That(await RowsAsync("artwork_"), Has.Count.EqualTo(8), "kept until its webhook is through");

        Clock.Advance(TimeSpan.FromDays(8));
        await EraseAsync();
        Assert.That(await RowsAsync("artwork_"), Is.Empty);
        // The timers have swept meanwhile: what they have planned for a deleted record goes when it is due.
        Clock.Advance(TimeSpan.FromMinutes(11));
        await first.Get<SweepArtworks>().SweepAsync(CancellationToken.None);
        Assert.That(await RowsAsync(""), Is.Empty);

        Task EraseAsync() => Task.WhenAll(new[] { first, second }
            .Select(host => host.Get<EraseExpired>().EraseAsync(CancellationToken.None)));
    }

    /// <summary>The host's clock is an hour late, so that for the processes its artworks are overdue.</summary>
    [Test]
    public async Task Two_processes_that_sweep_once_send_each_lost_message_once_and_exit_with_0()
    {
        Clock.AdjustTime(TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1));
        for (var i = 0; i < 8; i++) await SubmitAsync(Photo);
        await Queue(ArtworkQueues.Artworks).ClearMessagesAsync();
        using var tool = new ToolProcess();
        // Neither a webhook secret nor a model is set.
        tool.Environment["AzureWebJobsStorage"] = Host.ConnectionString;
        tool.Environment["RemoveBg__Model__Folders"] = tool.Folder;
        var results = await Task.WhenAll(tool.RunAsync("sweep"), tool.RunAsync("sweep"));
        Assert.Multiple(() =>
        {
            foreach (var result in results)
            {
                Assert.That((result.Code, result.Errors), Is.EqualTo((0, "")), result.Text);
                Assert.That(result.Text, Does.EndWith("Swept\n"));
            }
        });
        Assert.That(await WaitingAsync(ArtworkQueues.Artworks), Is.EqualTo(8));
    }

    /// <summary>The alert "silent" expects the age of the oldest message from each run.</summary>
    [Test]
    public async Task A_process_that_sweeps_once_sends_its_telemetry_before_it_ends()
    {
        await using var collector = await OtlpCollector.StartAsync();
        using var tool = new ToolProcess();
        tool.Environment["AzureWebJobsStorage"] = Host.ConnectionString;
        foreach (var (name, value) in collector.Environment) tool.Environment[name] = value;
        Assert.That((await tool.RunAsync("sweep")).Code, Is.Zero);
        var sent = collector.Bodies("metrics").Select(System.Text.Encoding.Latin1.GetString).ToList();
        Assert.That(sent, Has.Some.Contains("removebg.queue.oldest").And.Some.Contains("sweeper"));
    }

    private Task<RunningHost> SweeperAsync() => RunningHost.StartAsync(
        services: services => services.AddSingleton<TimeProvider>(Clock), storage: Host.ConnectionString,
        role: ServiceRole.Sweeper);
}
