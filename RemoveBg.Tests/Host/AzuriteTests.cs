using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using RemoveBg.SelfHost;
using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The storage emulator of <c>./run</c>.</summary>
public sealed class AzuriteTests
{
    private const string Package = "node_modules/azurite/dist/src";

    [Test]
    public async Task What_the_durable_emulator_has_acknowledged_survives_a_kill()
    {
        using var folder = new TemporaryFolder();
        var killed = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None, isDurable: true);
        var table = new TableClient(killed.ConnectionString, "rows");
        var queue = new QueueClient(killed.ConnectionString, "messages");
        var container = new BlobContainerClient(killed.ConnectionString, "files");
        await table.CreateAsync();
        await queue.CreateAsync();
        await container.CreateAsync();
        await Parallel.ForAsync(0, 20, async (i, cancellationToken) =>
        {
            await table.AddEntityAsync(new TableEntity("all", $"{i:D2}"), cancellationToken);
            await queue.SendMessageAsync($"{i:D2}", cancellationToken);
            await container.UploadBlobAsync($"{i:D2}", new BinaryData($"content {i:D2}"), cancellationToken);
        });
        HostProcess.Signal(killed.ProcessId!.Value, "KILL");
        await killed.DisposeAsync();

        await using var again = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None);
        var wanted = Enumerable.Range(0, 20).Select(i => $"{i:D2}").ToList();
        var rows = await new TableClient(again.ConnectionString, "rows").QueryAsync<TableEntity>().ToListAsync();
        var messages = await new QueueClient(again.ConnectionString, "messages").PeekMessagesAsync(32);
        var files = new BlobContainerClient(again.ConnectionString, "files");
        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(row => row.RowKey), Is.EqualTo(wanted));
            Assert.That(messages.Value.Select(message => message.MessageText), Is.EquivalentTo(wanted));
            foreach (var name in wanted) Assert.That(
                files.GetBlobClient(name).DownloadContent().Value.Content.ToString(), Is.EqualTo($"content {name}"));
        });
    }

    [Test]
    public async Task A_second_service_on_the_same_data_is_refused_while_a_command_joins_the_first()
    {
        using var folder = new TemporaryFolder();
        await using var running = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None);
        await using var joined = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None,
            mayJoin: true);
        var refusal = Assert.ThrowsAsync<UserException>(() =>
            Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None))!;
        Assert.Multiple(() =>
        {
            Assert.That(joined.ConnectionString, Is.EqualTo(running.ConnectionString));
            Assert.That(refusal.Message, Does.StartWith("another service of this clone is running"));
        });
    }

    /// <summary>After a crash, the number of its process may be that of another program.</summary>
    [Test]
    public async Task A_note_of_an_emulator_that_is_gone_or_damaged_does_not_stop_the_next_one()
    {
        using var folder = new TemporaryFolder();
        var note = Path.Combine(folder.Path, "running.json");
        using var other = System.Diagnostics.Process.Start("node", ["-e", "setInterval(() => {}, 1000)"]);
        try
        {
            foreach (var content in new[] { "", "{\"ProcessId\": ",
                $$"""{"ProcessId":{{other.Id}},"BlobPort":1,"QueuePort":2,"TablePort":3}""" })
            {
                await File.WriteAllTextAsync(note, content);
                await using var started = await Azurite.StartAsync(Repo.Root, folder.Path, CancellationToken.None);
                Assert.That(started.ProcessId, Is.Not.Null.And.Not.EqualTo(other.Id), content);
            }
        }
        finally
        {
            other.Kill();
        }
    }

    [Test]
    public async Task An_emulator_that_is_killed_ends_the_wait_for_it()
    {
        await using var killed = await Azurite.StartAsync(Repo.Root, data: null, CancellationToken.None);
        var waiting = killed.WaitForExitAsync(CancellationToken.None);
        Assert.That(waiting.IsCompleted, Is.False);
        HostProcess.Signal(killed.ProcessId!.Value, "KILL");
        Assert.That(async () => await waiting, Throws.TypeOf<UserException>()
            .With.Message.StartsWith("the storage emulator has stopped (exit code 137)"));
    }

    [Test]
    public async Task A_host_that_stops_does_not_take_its_emulator_for_lost()
    {
        await using var running = await Azurite.StartAsync(Repo.Root, data: null, CancellationToken.None);
        using var stopping = new CancellationTokenSource();
        var waiting = running.WaitForExitAsync(stopping.Token);
        await stopping.CancelAsync();
        await waiting;
    }

    [Test]
    public void An_emulator_that_cannot_start_is_reported_with_its_last_line()
    {
        using var root = Installed("console.error('first'); console.error('no room on the disk'); process.exit(1);");
        var refusal = Assert.ThrowsAsync<UserException>(() =>
            Azurite.StartAsync(root.Path, data: null, CancellationToken.None))!;
        Assert.That(refusal.Message, Is.EqualTo("Azurite did not start: no room on the disk"));
    }

    [Test]
    public async Task A_start_that_is_cancelled_leaves_no_process()
    {
        using var root = Installed(
            "require('node:fs').writeFileSync(`${__dirname}/pid`, `${process.pid}`); setInterval(() => {}, 1000);");
        using var cancelling = new CancellationTokenSource();
        var starting = Azurite.StartAsync(root.Path, data: null, cancelling.Token);
        var file = Path.Combine(root.Path, Package, "pid");
        await Eventually.HoldsAsync(() => File.Exists(file) && new FileInfo(file).Length > 0, "it is starting");
        await cancelling.CancelAsync();
        Assert.That(async () => await starting, Throws.InstanceOf<OperationCanceledException>());
        var id = int.Parse(await File.ReadAllTextAsync(file), System.Globalization.CultureInfo.InvariantCulture);
        await Eventually.HoldsAsync(() => !IsRunning(id), "its process has ended");
    }

    /// <summary>A folder with this program in place of Azurite.</summary>
    private static TemporaryFolder Installed(string program)
    {
        var root = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(root.Path, Package));
        File.WriteAllText(Path.Combine(root.Path, Package, "azurite.js"), program);
        return root;
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
