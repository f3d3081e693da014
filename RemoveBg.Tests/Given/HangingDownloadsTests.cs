using Microsoft.AspNetCore.Http;

namespace RemoveBg.Tests.Given;

/// <summary>Tests in which a key's slots are taken by servers that do not answer.</summary>
public abstract class HangingDownloadsTests : FaultyStorageTests
{
    /// <summary>Lets go what hangs.</summary>
    protected TaskCompletionSource LetGo { get; private set; } = null!;

    /// <summary>Work that hangs.</summary>
    protected IList<Task> Hanging { get; private set; } = null!;

    [SetUp]
    public void StartHanging() => (LetGo, Hanging) = (new(), []);

    [TearDown]
    public async Task StopHanging()
    {
        LetGo.TrySetResult();
        await Task.WhenAll(Hanging);
    }

    /// <summary>Takes this many of the four slots that a key gets for downloads.</summary>
    protected async Task HangDownloadsAsync(int slots = 4)
    {
        var held = Caller.ServePage("/hang.jpg", async context =>
        {
            await LetGo.Task.WaitAsync(context.RequestAborted);
            await context.Response.SendFileAsync(SmallPhotos.Of("scene-toycar.jpg"));
        });
        for (var i = 0; i < slots; i++) Hanging.Add(ProcessAsync(await SubmitAsync(held), 1));
        await Eventually.HoldsAsync(() => Caller.Hits("/hang.jpg") == slots, "they hang");
    }
}
