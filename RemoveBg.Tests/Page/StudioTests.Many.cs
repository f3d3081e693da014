using System.IO.Compression;
using Microsoft.Playwright;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Page;

public sealed partial class StudioTests
{
    [Test]
    public async Task Thirty_photos_are_cut_out_three_at_a_time_and_saved_as_one_zip()
    {
        var service = await FakeService.StartAsync(Page);
        service.Failure = number => number == 7 ? "image_corrupt" : null;
        await Page.SetInputFilesAsync("#file", Enumerable.Range(1, 30).Select(number => new FilePayload
        {
            // Two have one name.
            Name = number == 2 ? "photo 1.jpg" : $"photo {number}.jpg", MimeType = "image/jpeg", Buffer = Mug,
        }));
        await Assertions.Expect(Page.Locator("#film-words")).ToHaveTextAsync("29 of 30 done1 failed");
        Assert.That(service.MostAtOnce, Is.LessThanOrEqualTo(3));
        Assert.That(await Page.GetAttributeAsync("#cells li:nth-child(7) button", "aria-label"),
            Is.EqualTo("photo 7.jpg, failed: The file is damaged"));

        // A failed one can be tried again.
        service.Failure = _ => null;
        await Page.ClickAsync("#cells li:nth-child(7) button");
        Assert.That((await _page.UntilFailedAsync()).Code, Is.EqualTo("image_corrupt"));
        await Page.ClickAsync("#cells li:nth-child(1) button");
        await _page.UntilResultAsync();
        var (name, file) = await _page.SavedAsync("#zip");
        Assert.That(name, Is.EqualTo("cutouts.zip"));
        using var zip = new ZipArchive(new MemoryStream(file));
        Assert.That(zip.Entries.Select(entry => entry.FullName), Is.EquivalentTo(Enumerable.Range(1, 30)
            .Where(number => number != 7)
            .Select(number => number == 2 ? "photo 1-cutout-2.png" : $"photo {number}-cutout.png")));
        foreach (var entry in zip.Entries)
        {
            using var content = new MemoryStream();
            await using (var stream = await entry.OpenAsync()) await stream.CopyToAsync(content);
            Assert.That(Picture.Read(content.ToArray()).Width, Is.EqualTo(48), "decodes, and its checksum is right");
        }
    }

    [Test]
    public async Task A_folder_that_is_dropped_gives_all_its_photos()
    {
        await FakeService.StartAsync(Page);
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "inner"));
        foreach (var name in new[] { "a.jpg", "b.png", "inner/c.jpg" })
            await File.WriteAllBytesAsync(Path.Combine(folder.Path, name), Mug);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "notes.txt"), "hello");
        var devtools = await Page.Context.NewCDPSessionAsync(Page);
        foreach (var type in new[] { "dragEnter", "dragOver", "drop" })
            await devtools.SendAsync("Input.dispatchDragEvent", new()
            {
                ["type"] = type, ["x"] = width / 2, ["y"] = height / 2,
                ["data"] = new { items = Array.Empty<object>(), files = new[] { folder.Path }, dragOperationsMask = 1 },
            });
        await Assertions.Expect(Page.Locator("#film-words")).ToHaveTextAsync("3 of 3 done");
        Assert.That(await Page.Locator("#cells button").EvaluateAllAsync<string[]>("all => all.map(b => b.title)"),
            Is.EqualTo(new[] { "a.jpg", "b.png", "c.jpg", "" }));
    }

    [Test]
    public async Task A_choice_can_be_used_for_all_photos_and_each_keeps_its_own_after_that()
    {
        await FakeService.StartAsync(Page);
        await Page.SetInputFilesAsync("#file", new[] { "a.jpg", "b.jpg", "c.jpg" }.Select(name =>
            new FilePayload { Name = name, MimeType = "image/jpeg", Buffer = Mug }));
        await Assertions.Expect(Page.Locator("#film-words")).ToHaveTextAsync("3 of 3 done");
        await _page.UntilResultAsync();
        await _page.OpenPanelAsync("background");
        await _page.PickAsync("background", "colour");
        await Page.FillAsync("#hex", "00ff00");
        await Page.ClickAsync("[data-for-all=background]");
        await _page.ClosePanelAsync();
        await Page.FocusAsync("#surface");
        await Page.Keyboard.PressAsync(".");
        await Assertions.Expect(Page.Locator("#name")).ToHaveTextAsync("b.jpg");
        await _page.UntilResultAsync();
        await _page.UntilPixelAsync(0.01, 0.01, Is.EqualTo(new[] { 0, 255, 0, 255 }));
        await DressAsync("colour");
        await Page.FocusAsync("#surface");
        await Page.Keyboard.PressAsync(",");
        await Assertions.Expect(Page.Locator("#name")).ToHaveTextAsync("a.jpg");
        await _page.UntilResultAsync();
        await _page.UntilPixelAsync(0.01, 0.01, Is.EqualTo(new[] { 0, 255, 0, 255 }));
    }

    [Test]
    public async Task A_reload_in_the_middle_loses_nothing()
    {
        var service = await FakeService.StartAsync(Page);
        var gate = new TaskCompletionSource();
        service.Gate = gate.Task;
        await Page.SetInputFilesAsync("#file", Enumerable.Range(1, 5).Select(number =>
            new FilePayload { Name = $"{number}.jpg", MimeType = "image/jpeg", Buffer = Mug }));
        await Page.WaitForFunctionAsync("() => document.querySelectorAll('.busy').length === 3");
        await UntilRememberedAsync("photos.length === 5 && photos.filter(p => p.artworkId).length === 3");
        await Page.ReloadAsync();
        await Page.WaitForFunctionAsync("() => document.querySelectorAll('#cells .cell').length === 6");
        gate.SetResult();
        await Assertions.Expect(Page.Locator("#film-words")).ToHaveTextAsync("5 of 5 done");
        Assert.That(service.Submitted, Is.EqualTo(5), "those on their way were not sent again");
        Assert.That(await Page.TextContentAsync("#name"), Is.EqualTo("1.jpg"));
    }

    [Test]
    public async Task Back_leads_to_the_beginning_and_forward_to_the_result()
    {
        await _page.ChooseAsync("car.jpg", "image/jpeg", Car);
        await _page.UntilResultAsync();
        await Page.GoBackAsync();
        await _page.UntilAsync("empty");
        await Page.GoForwardAsync();
        await _page.UntilResultAsync();
        Assert.That(await Page.TextContentAsync("#name"), Is.EqualTo("car.jpg"));
        await Page.ClickAsync("#home");
        await _page.UntilAsync("empty");
        await Page.GotoAsync(Url(_host) + "healthz");
        await Page.GoBackAsync();
        await Page.GoBackAsync();
        await _page.UntilResultAsync();
    }

    [Test]
    public async Task A_deleted_photo_is_gone_here_and_on_the_service()
    {
        await _page.ChooseAsync("car.jpg", "image/jpeg", Car);
        await _page.UntilResultAsync();
        var id = new Uri(Page.Url).Fragment.Split('=')[1];
        await Page.RunAndWaitForResponseAsync(() => Page.ClickAsync("#remove"),
            response => response.Request.Method == "DELETE" && response.Status == 204);
        await _page.UntilAsync("empty");
        using var gone = await _host.Client.GetAsync($"/v2/artworks/{id}");
        Assert.That((int)gone.StatusCode, Is.EqualTo(404));
        await Page.GotoAsync($"{Url(_host)}#photos={id}");
        Assert.That((await _page.UntilFailedAsync()).Code, Is.EqualTo("unknown_artwork"));
    }

    [Test]
    public async Task Photos_that_the_service_has_erased_are_forgotten_here_too()
    {
        await FakeService.StartAsync(Page);
        await _page.ChooseAsync("mug.jpg", "image/jpeg", Mug);
        await _page.UntilResultAsync();
        await UntilRememberedAsync("photo.artworkId");
        // A day later.
        await Page.Clock.InstallAsync(new() { TimeDate = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(25) });
        await Page.GotoAsync(Url(_host) + "healthz");
        await Page.GotoAsync(Url(_host));
        Assert.That(await Page.EvaluateAsync<int>("""
            async () => {
              for (;;) {
                const count = await new Promise(done => {
                  const open = indexedDB.open("removebg");
                  open.onsuccess = () => {
                    const asked = open.result.transaction("photos").objectStore("photos").count();
                    asked.onsuccess = () => { open.result.close(); done(asked.result); };
                  };
                });
                if (count === 0) return count;
                await Promise.resolve();
              }
            }
            """), Is.Zero);
    }
}
