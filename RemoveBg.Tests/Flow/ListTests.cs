using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Long lists.</summary>
public sealed class ListTests : HandRunTests
{
    [Test]
    public async Task A_rare_status_is_found_behind_thousands_of_others_a_thousand_records_a_page()
    {
        var rare = await SubmitAsync(Photo);
        using (await Host.Client.PostAsync($"/v2/artworks/{rare}/cancel", null)) { }
        var common = await SubmitAsync(Photo);
        await CopiedArtworks.MakeAsync(Host.ConnectionString, await FindAsync(common), 2100);
        using var requests = new StorageRequests(Host.ConnectionString);

        var (found, pages) = (new List<string>(), 0);
        for (string? cursor = ""; cursor is not null; pages++)
        {
            var before = requests.Count;
            using var response = await Host.Client.GetAsync(
                $"/v2/artworks?status=canceled{(cursor == "" ? "" : $"&cursor={cursor}")}");
            var page = await response.JsonAsync();
            Assert.That(requests.Count - before, Is.LessThan(1200), "a read per record");
            found.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.Text("id")!));
            cursor = page.Text("nextCursor");
        }
        Assert.That(found, Is.EqualTo(new[] { rare }));
        Assert.That(pages, Is.EqualTo(3));
    }
}
