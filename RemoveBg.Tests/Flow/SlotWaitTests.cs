using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Waiting for a slot in the pipeline and interruptions by the host, on a clock that the tests move.</summary>
public sealed class SlotWaitTests : HandRunTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10), SlotWait = TimeSpan.FromSeconds(60);

    private RunningHost _host = null!;

    [SetUp]
    public async Task StartWithOneSlot() => _host = await RunningHost.StartAsync(
        new()
        {
            ["RemoveBg:Process:Concurrency"] = "1",
            ["RemoveBg:Process:Deadline"] = Deadline.ToString(),
            ["RemoveBg:Process:SlotWait"] = SlotWait.ToString(),
            ["RemoveBg:Process:MaxHandBacks"] = "2",
        },
        services => services.AddSingleton<TimeProvider>(Clock), takesWork: false);

    [TearDown]
    public ValueTask StopIt() => _host.DisposeAsync();

    [Test]
    public async Task Sixteen_photos_with_one_slot_succeed_however_long_they_wait_for_it()
    {
        // With their requests: downloads have slots of their own.
        var uploaded =
            $"data:image/jpeg;base64,{Convert.ToBase64String(File.ReadAllBytes(SmallPhotos.Of("scene-toycar.jpg")))}";
        var ids = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => SubmitAsync(uploaded)));
        var slot = await TakeSlotAsync();
        var work = ids.Select(id => ProcessAsync(id)).ToList();
        await Eventually.HoldsAsync(() => _host.Get<PipelineSlots>().Waiting == 16, "all wait for the slot");
        Clock.RunFor(Deadline * 2);
        slot.Dispose();
        await Task.WhenAll(work);
        foreach (var id in ids) Assert.That((await _host.ReadAsync(id)).Text("status"), Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task An_artwork_that_waits_too_long_for_a_slot_returns_to_the_queue_and_loses_no_attempt()
    {
        var id = await SubmitAsync(Photo);
        await Messages().ClearMessagesAsync();
        var slot = await TakeSlotAsync();
        var work = ProcessAsync(id);
        await Eventually.HoldsAsync(() => _host.Get<PipelineSlots>().Waiting == 1, "it waits for the slot");
        Clock.RunFor(SlotWait);
        await work;
        var waiting = await RecordAsync(id);
        Assert.That((waiting.Status, waiting.Attempt), Is.EqualTo((ArtworkStatus.Processing, 0)));
        var message = (await Messages().ReceiveMessageAsync()).Value.Body.ToString();
        slot.Dispose();
        await _host.Get<ProcessArtwork>().ProcessAsync(message, CancellationToken.None);
        Assert.That((await RecordAsync(id)).Status, Is.EqualTo(ArtworkStatus.Succeeded));
    }

    [Test]
    public async Task An_artwork_that_the_host_keeps_interrupting_fails_with_a_clear_error()
    {
        var photo = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        var id = await SubmitAsync(photo.Url);
        for (var time = 1; time <= 3; time++)
        {
            var slot = await TakeSlotAsync();
            using var host = new CancellationTokenSource();
            var work = ProcessAsync(id, host.Token);
            if (time == 1)
            {
                await photo.Asked;
                photo.Answer.SetResult();
            }
            await Eventually.HoldsAsync(() => _host.Get<PipelineSlots>().Waiting == 1, "it waits for the slot");
            await host.CancelAsync();
            Assert.That(async () => await work,
                time < 3 ? Throws.InstanceOf<OperationCanceledException>() : Throws.Nothing);
            slot.Dispose();
        }
        var failed = await RecordAsync(id);
        Assert.That((failed.Status, failed.HandBacks), Is.EqualTo((ArtworkStatus.Failed, 2)));
        Assert.That(failed.Failure!.Message, Is.EqualTo("Processing was interrupted 3 times."));
        Assert.That(await CountAsync(ArtworkQueues.Webhooks), Is.EqualTo(1));
    }

    [Test]
    public async Task A_host_that_times_out_after_the_deadline_is_not_taken_for_a_shutdown()
    {
        var photo = Caller.ServeHeld(SmallPhotos.Of("scene-toycar.jpg"));
        var id = await SubmitAsync(photo.Url);
        using var host = new CancellationTokenSource();
        var work = ProcessAsync(id, host.Token);
        await photo.Asked;
        Clock.RunFor(Deadline);
        await host.CancelAsync();
        await work;
        var failed = await RecordAsync(id);
        Assert.That((failed.Status, failed.HandBacks), Is.EqualTo((ArtworkStatus.Failed, 0)));
        Assert.That(failed.Failure!.Message, Is.EqualTo("Processing took longer than 10 s."));
        photo.Answer.SetResult();
    }

    private async Task<string> SubmitAsync(string imageUrl)
    {
        using var response = await _host.SubmitAsync(new { imageUrl, webhook = Caller.WebhookUrl });
        return (await response.JsonAsync()).Text("id")!;
    }

    private Task ProcessAsync(string id, CancellationToken cancellationToken = default) =>
        _host.Get<ProcessArtwork>().ProcessAsync(Message(id, 1), cancellationToken);

    private Task<PipelineSlots.Slot> TakeSlotAsync() =>
        _host.Get<PipelineSlots>().TakeAsync("test", null, CancellationToken.None);

    private async Task<Artwork> RecordAsync(string id) =>
        (await _host.Get<ArtworkTable>().FindAsync(Guid.Parse(id), CancellationToken.None))!;

    private Azure.Storage.Queues.QueueClient Messages() => new(_host.ConnectionString, ArtworkQueues.Artworks);

    private async Task<int> CountAsync(string queue) =>
        (await new Azure.Storage.Queues.QueueClient(_host.ConnectionString, queue).PeekMessagesAsync(32)).Value.Length;
}
