using System.Text.Json;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>The corpus of hostile files as sources of real jobs, with good photos between them.</summary>
public sealed class HostileSourceTests
{
    private static readonly string[] FinalCodes =
        [ArtworkFailure.UnsupportedFormat, ArtworkFailure.ImageCorrupt, ArtworkFailure.ImageTooManyPixels];

    [Test]
    public async Task Hostile_files_fail_as_expected_and_the_good_photos_between_them_succeed()
    {
        await using var caller = await Caller.StartAsync();
        await using var host = await RunningHost.StartAsync();
        using var counted = new Counted(host);
        var good = caller.Serve(SmallPhotos.Of("scene-toycar.jpg"));

        var jobs = new List<(string Id, string File, Expected Expected)>();
        foreach (var file in ImageFiles.Hostile)
        {
            var source = caller.ServePage("/" + file.Name,
                context => context.Response.Body.WriteAsync(file.Content).AsTask());
            var isAccepted = file.Expected != Expected.Decodes || FileFormat.IsSupported(file.Content);
            jobs.Add((await SubmitAsync(host, source), file.Name, isAccepted ? file.Expected : Expected.NoCrash));
            if (jobs.Count % 4 == 0) jobs.Add((await SubmitAsync(host, good), "good", Expected.Decodes));
        }

        foreach (var (id, file, expected) in jobs)
        {
            var artwork = await host.UntilEndedAsync(id);
            var code = artwork.TryGetProperty("error", out var error) ? error.Text("code") : null;
            if (expected == Expected.Decodes) Assert.That(artwork.Text("status"), Is.EqualTo("succeeded"), file);
            if (expected == Expected.Refused) Assert.That(FinalCodes, Does.Contain(code), file);
            if (code is null) await AssertHoldsNothingElseAsync(host, artwork, file);
            else Assert.That(FinalCodes, Does.Contain(code), file);
        }
        Assert.That(counted.Of("removebg.faults fault=Failed"), Is.EqualTo(
            counted.Of("removebg.artworks.ended status=failed")).And.GreaterThan(0), "each failure is counted");
        Assert.That(counted.Of("removebg.faults fault=Retried"), Is.Zero, "a bad file is not tried again");
    }

    private static async Task<string> SubmitAsync(RunningHost host, string imageUrl)
    {
        using var response = await host.SubmitAsync(new { imageUrl });
        return (await response.JsonAsync()).Text("id")!;
    }

    /// <summary>A script or an archive hidden in the file is not in the result.</summary>
    private static async Task AssertHoldsNothingElseAsync(RunningHost host, JsonElement artwork, string file)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(artwork.GetProperty("results")[0].GetString());
        var bytes = await response.Content.ReadAsByteArrayAsync();
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.AnyOf("image/webp", "image/png"), file);
        Assert.That(response.Content.Headers.ContentDisposition!.DispositionType, Is.EqualTo("attachment"), file);
        foreach (var smuggled in new[] { "<script"u8.ToArray(), "PK\x03\x04"u8.ToArray(), "<?php"u8.ToArray(),
            "%PDF-"u8.ToArray(), "SMUGGLED"u8.ToArray() })
            Assert.That(bytes.AsSpan().IndexOf(smuggled), Is.EqualTo(-1), file);
    }
}
