using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Files that remove.bg's route refuses.</summary>
public sealed class RemoveBgV1FilesTests : OneHostTests
{
    [Test]
    public async Task A_file_by_another_name_gets_400_and_the_names_that_are_accepted()
    {
        using var form = new MultipartFormDataContent { { Photo(), "image_file", "car.jpg" },
            { Photo(), "picture", "car.jpg" } };
        await AssertRefusedAsync(form, "invalid_parameter",
            "picture is not a known file; accepted: image_file, bg_image_file.");
    }

    [TestCase("image_file")]
    [TestCase("bg_image_file")]
    public async Task A_file_over_the_operators_limit_gets_400_and_the_limit(string name)
    {
        using var form = new MultipartFormDataContent { { Photo(), name, "car.jpg" } };
        if (name != "image_file") form.Add(new StringContent("https://example.com/a.jpg"), "image_url");
        await AssertRefusedAsync(form, "file_size_too_large", "The file may have at most 60,000 bytes.");
    }

    private protected override Task<RunningHost> StartHostAsync() =>
        RunningHost.StartAsync(new() { ["RemoveBg:Fetch:MaxBytes"] = "60000" }, takesWork: false);

    private static ByteArrayContent Photo() => new(File.ReadAllBytes(Repo.Sample("scene-toycar.jpg")));

    private async Task AssertRefusedAsync(MultipartFormDataContent form, string code, string detail)
    {
        using var client = Host.ClientWith(null);
        client.DefaultRequestHeaders.Add("X-Api-Key", Host.Secrets.ApiKey);
        using var response = await client.PostAsync("/v1.0/removebg", form);
        var error = (await response.JsonAsync()).GetProperty("errors")[0];
        Assert.That(((int)response.StatusCode, error.Text("code"), error.Text("detail")),
            Is.EqualTo((400, code, detail)), error.ToString());
    }
}
