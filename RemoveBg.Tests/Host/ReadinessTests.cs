using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Store;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

public sealed class ReadinessTests
{
    [Test]
    public async Task A_full_disk_is_not_ready_and_named()
    {
        // No disk has that much.
        await using var host = await RunningHost.StartAsync(new() { ["RemoveBg:Disk:LeastFreeMB"] = "1000000000" },
            takesWork: false);
        using var response = await host.Client.GetAsync("/readyz");
        await Errors.AssertShapeAsync(response, 503, "Service Unavailable");
        Assert.That((await response.JsonAsync()).Text("message"),
            Is.EqualTo("The disk of temporary files is full: less than 1,000,000,000 MB are free."));
    }

    [Test]
    public async Task A_folder_that_cannot_be_written_is_not_ready_and_its_path_is_not_told()
    {
        using var folder = new TemporaryFolder();
        var missing = Path.Combine(folder.Path, "missing");
        await using var host = await RunningHost.StartAsync(takesWork: false, services: services =>
            services.AddSingleton(new WritableFolder("the storage emulator", missing)));
        using var response = await host.Client.GetAsync("/readyz");
        await Errors.AssertShapeAsync(response, 503, "Service Unavailable");
        Assert.That((await response.JsonAsync()).Text("message"),
            Is.EqualTo("The folder of the storage emulator cannot be written."));

        Directory.CreateDirectory(missing);
        using var again = await host.Client.GetAsync("/readyz");
        Assert.That((int)again.StatusCode, Is.EqualTo(200));
        Assert.That(Directory.EnumerateFileSystemEntries(missing), Is.Empty);
    }
}
