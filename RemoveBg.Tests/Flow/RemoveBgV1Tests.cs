using System.IO.Compression;
using System.Text;
using System.Text.Json;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>remove.bg's route, asked as remove.bg's clients ask.</summary>
public sealed class RemoveBgV1Tests
{
    private RunningHost _host = null!;
    private Caller _caller = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _host = await RunningHost.StartAsync();
        _caller = await Caller.StartAsync();
        _client = Client(_host.Secrets.ApiKey);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        await _caller.DisposeAsync();
    }

    [Test]
    public async Task An_uploaded_file_comes_back_as_png_of_a_quarter_megapixel()
    {
        using var response = await _client.PostAsync("/v1.0/removebg",
            new MultipartFormDataContent { { Photo(), "image_file", "car.jpg" } });
        var picture = Picture.Read(await OkAsync(response, "image/png"));
        Assert.Multiple(() =>
        {
            Assert.That(picture.Width * picture.Height, Is.InRange(240_000, 251_000));
            Assert.That(picture.MeanAlpha(), Is.InRange(0.02, 0.9));
            Assert.That((Header(response, "X-Width"), Header(response, "X-Height")),
                Is.EqualTo((picture.Width, picture.Height)));
            Assert.That(Header(response, "X-Credits-Charged"), Is.Zero);
            Assert.That(Header(response, "X-Foreground-Left") + Header(response, "X-Foreground-Width"),
                Is.InRange(1, picture.Width));
            Assert.That(Header(response, "X-Foreground-Top") + Header(response, "X-Foreground-Height"),
                Is.InRange(1, picture.Height));
            Assert.That(Header(response, "X-RateLimit-Limit"), Is.Positive);
            Assert.That(Header(response, "X-RateLimit-Remaining"), Is.Positive);
            Assert.That(Header(response, "X-RateLimit-Reset"), Is.Positive);
            Assert.That(response.Headers.GetValues("X-Type"), Is.EqualTo(new[] { "other" }));
        });
    }

    [Test]
    public async Task A_url_in_a_form_of_full_size_keeps_the_photos_size()
    {
        using var response = await FormAsync(("image_url", _caller.Serve(Repo.Sample("scene-toycar.jpg"))),
            ("size", "full"), ("format", "webp"));
        var picture = Picture.Read(await OkAsync(response, "image/webp"));
        var photo = Picture.Read(Repo.Sample("scene-toycar.jpg"));
        Assert.That((picture.Width, picture.Height), Is.EqualTo((photo.Width, photo.Height)));
    }

    [Test]
    public async Task Base64_in_json_gets_base64_in_json_on_request()
    {
        using var request = Json(new { image_file_b64 = Base64(), size = "auto", crop = true });
        request.Headers.Accept.ParseAdd("application/json");
        using var response = await _client.SendAsync(request);
        var data = (await response.JsonAsync()).GetProperty("data");
        var picture = Picture.Read(Convert.FromBase64String(data.Text("result_b64")!));
        Assert.Multiple(() =>
        {
            Assert.That((data.GetProperty("foreground_top").GetInt32(), data.GetProperty("foreground_left").GetInt32()),
                Is.EqualTo((0, 0)));
            Assert.That((data.GetProperty("foreground_width").GetInt32(),
                data.GetProperty("foreground_height").GetInt32()), Is.EqualTo((picture.Width, picture.Height)));
        });
    }

    [Test]
    public async Task An_opaque_background_makes_auto_a_jpeg()
    {
        using var response = await FormAsync(("image_file_b64", Base64()), ("bg_color", "81d4fa"));
        var picture = Picture.Read(await OkAsync(response, "image/jpeg"));
        var corner = picture[3, 3];
        Assert.That((corner.R, corner.G, corner.B), Is.EqualTo(((byte)0x81, (byte)0xd4, (byte)0xfa)).Using<(byte R,
            byte G, byte B)>((a, b) => Math.Abs(a.R - b.R) < 6 && Math.Abs(a.G - b.G) < 6 && Math.Abs(a.B - b.B) < 6));
    }

    [Test]
    public async Task A_jpg_without_background_is_white()
    {
        using var response = await FormAsync(("image_file_b64", Base64()), ("format", "jpg"));
        Assert.That(Picture.Read(await OkAsync(response, "image/jpeg"))[3, 3].G, Is.GreaterThan(250));
    }

    [Test]
    public async Task A_zip_has_colours_and_alpha_in_two_files()
    {
        using var response = await FormAsync(("image_file_b64", Base64()), ("format", "zip"), ("size", "full"));
        using var zip = new ZipArchive(new MemoryStream(await OkAsync(response, "application/zip")));
        Assert.That(zip.Entries.Select(entry => entry.Name), Is.EqualTo(new[] { "color.jpg", "alpha.png" }));
        var (colour, alpha) = (Read(zip.Entries[0]), Read(zip.Entries[1]));
        Assert.That((colour.Width, colour.Height), Is.EqualTo((alpha.Width, alpha.Height)));
        Assert.That(alpha[3, 3].R, Is.LessThan(20));
        var photo = Picture.Read(Repo.Sample("scene-toycar.jpg"));
        Assert.Multiple(() =>
        {
            // A block of JPEG mixes colours over 16 pixels at most.
            Assert.That(colour.DetailsSharedWith(photo, (x, y) => IsFarOutside(alpha, x, y)), Is.LessThan(0.1));
            Assert.That(colour.DetailsSharedWith(photo, (x, y) => alpha[x, y].R == 255), Is.GreaterThan(0.8));
        });
    }

    private static bool IsFarOutside(Picture alpha, int x, int y)
    {
        for (var dy = -16; dy <= 16; dy += 8)
            for (var dx = -16; dx <= 16; dx += 8)
                if (alpha[Math.Clamp(x + dx, 0, alpha.Width - 1), Math.Clamp(y + dy, 0, alpha.Height - 1)].R > 0)
                    return false;
        return true;
    }

    [Test]
    public async Task All_parameters_can_be_combined()
    {
        using var response = await _client.PostAsync("/v1.0/removebg", new MultipartFormDataContent
        {
            { Photo(), "image_file", "car.jpg" }, { Photo("scene-mug.jpg"), "bg_image_file", "mug.jpg" },
                { Text("preview"), "size" }, { Text("png"), "format" }, { Text("auto"), "type" },
            { Text("0% 0% 100% 100%"), "roi" }, { Text("false"), "crop" }, { Text("80%"), "scale" },
                { Text("50% 100%"), "position" }, { Text("rgba"), "channels" },
            { Text("true"), "add_shadow" }, { Text("true"), "semitransparency" },
        });
        var picture = Picture.Read(await OkAsync(response, "image/png"));
        var (left, top) = (Header(response, "X-Foreground-Left"), Header(response, "X-Foreground-Top"));
        var (width, height) = (Header(response, "X-Foreground-Width"), Header(response, "X-Foreground-Height"));
        Assert.Multiple(() =>
        {
            Assert.That(picture.MeanAlpha(), Is.EqualTo(1), "there is a background");
            Assert.That(picture.Width * picture.Height, Is.InRange(240_000, 251_000), "a quarter megapixel");
            Assert.That(Math.Max(width / (double)picture.Width, height / (double)picture.Height),
                Is.EqualTo(0.8).Within(0.01), "scale");
            Assert.That(left + width / 2.0, Is.EqualTo(picture.Width / 2.0).Within(2), "centred");
            Assert.That(top + height, Is.EqualTo(picture.Height).Within(2), "at the bottom");
        });
        using var alpha = await FormAsync(("image_file_b64", Base64()), ("channels", "alpha"));
        Assert.That(Picture.Read(await OkAsync(alpha, "image/png")).MeanAlpha(), Is.EqualTo(1));
    }

    [Test]
    public async Task Nothing_is_left_behind()
    {
        using var response = await FormAsync(("image_file_b64", Base64()));
        await OkAsync(response, "image/png");
        using var list = await _host.Client.GetAsync("/v2/artworks");
        Assert.That((await list.JsonAsync()).GetProperty("items").GetArrayLength(), Is.Zero);
        foreach (var container in new[] { "inputs", "results" })
            Assert.That(new Azure.Storage.Blobs.BlobContainerClient(_host.ConnectionString, container).GetBlobs(),
                Is.Empty);
    }

    [TestCase("", "missing_source", "No image given")]
    [TestCase("image_url=https://example.com/a&image_file_b64=AAAA", "multiple_sources",
        "Multiple image sources given")]
    [TestCase("image_url=http://10.0.0.1/a", "invalid_parameter", "image_url must name a publicly routable host")]
    [TestCase("image_file_b64=%21%21", "invalid_parameter", "image_file_b64 is not valid base64")]
    [TestCase("image_file_b64=AAAA", "invalid_file_type", "Use JPEG, PNG")]
    [TestCase("image_url=https://example.com/a&size=huge", "invalid_parameter", "size must be one of preview")]
    [TestCase("image_url=https://example.com/a&format=gif", "invalid_parameter", "format must be one of auto")]
    [TestCase("image_url=https://example.com/a&type=unicorn", "invalid_parameter", "type must be one of auto, person")]
    [TestCase("image_url=https://example.com/a&semitransparency=false", "invalid_parameter",
        "semitransparency must be true")]
    [TestCase("image_url=https://example.com/a&shadow_opacity=101", "invalid_parameter",
        "shadow_opacity must be a whole number from 0 to 100")]
    [TestCase("image_url=https://example.com/a&blur=50", "invalid_parameter", "blur is not a known parameter")]
    [TestCase("image_url=https://example.com/a&crop_margin=10%25", "invalid_parameter", "crop_margin needs crop: true")]
    [TestCase("image_url=https://example.com/a&crop=perhaps", "invalid_parameter", "crop must be true or false")]
    [TestCase("image_url=https://example.com/a&bg_color=nocolour", "invalid_parameter", "bg_color must be a colour")]
    [TestCase("image_url=https://example.com/a&bg_color=red&bg_image_url=https://example.com/b", "multiple_sources",
        "bg_color, bg_image_url")]
    [TestCase("image_url=https://example.com/a&channels=alpha&format=jpg", "invalid_parameter",
        "format must be auto, png or webp")]
    public async Task A_bad_request_gets_400_in_their_shape(string form, string code, string text)
    {
        using var response = await _client.PostAsync("/v1.0/removebg",
            new StringContent(form, Encoding.ASCII, "application/x-www-form-urlencoded"));
        await AssertErrorAsync(response, 400, code, text);
    }

    [Test]
    public async Task Hints_about_the_subject_change_nothing()
    {
        using var plain = await FormAsync(("image_file_b64", Base64()));
        using var hinted = await FormAsync(("image_file_b64", Base64()), ("type", "car"), ("type_level", "2"));
        Assert.That(await OkAsync(hinted, "image/png"), Is.EqualTo(await OkAsync(plain, "image/png")));
    }

    [Test]
    public async Task A_shadow_of_any_type_is_drawn_in_the_given_opacity()
    {
        var alphas = new List<double>();
        foreach (var opacity in new[] { "0", "50", "100" })
        {
            using var response = await FormAsync(("image_file_b64", Base64()), ("shadow_type", "3D"),
                ("shadow_opacity", opacity));
            alphas.Add(Picture.Read(await OkAsync(response, "image/png")).MeanAlpha());
        }
        using var plain = await FormAsync(("image_file_b64", Base64()));
        Assert.That(alphas[0], Is.EqualTo(Picture.Read(await OkAsync(plain, "image/png")).MeanAlpha()));
        Assert.That(alphas[1] - alphas[0], Is.EqualTo((alphas[2] - alphas[0]) / 2).Within(0.002).And.Positive);
    }

    [Test]
    public async Task The_account_has_credits_without_end()
    {
        using var response = await _client.GetAsync("/v1.0/account");
        var attributes = (await response.JsonAsync()).GetProperty("data").GetProperty("attributes");
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(attributes.GetProperty("credits").GetProperty("total").GetInt32(), Is.EqualTo(int.MaxValue));
        Assert.That(attributes.GetProperty("api").GetProperty("free_calls").GetInt32(), Is.EqualTo(int.MaxValue));
        using var stranger = Client("rbg_unknown");
        using var refused = await stranger.GetAsync("/v1.0/account");
        await AssertErrorAsync(refused, 403, "auth_failed", "API Key invalid");
    }

    [Test]
    public async Task All_problems_are_reported_together()
    {
        using var response = await FormAsync(("image_url", "ftp://a"), ("size", "huge"), ("position", "left"));
        Assert.That((await response.JsonAsync()).GetProperty("errors").GetArrayLength(), Is.EqualTo(3));
    }

    [Test]
    public async Task A_photo_that_cannot_be_downloaded_or_has_no_subject_gets_400()
    {
        using var gone = await FormAsync(("image_url", _caller.Url + "/gone.jpg"));
        await AssertErrorAsync(gone, 400, "failed_image_download", "answered 404");
        using var blank = await FormAsync(("image_file_b64", Convert.ToBase64String(PngFile.Blank(64, 64))));
        await AssertErrorAsync(blank, 400, "unknown_foreground", "Could not identify foreground");
    }

    [TestCase(null)]
    [TestCase("rbg_unknown")]
    public async Task A_wrong_key_gets_403_as_on_remove_bg(string? key)
    {
        using var client = Client(key);
        using var response = await client.PostAsync("/v1.0/removebg",
            new FormUrlEncodedContent([new("image_url", "https://example.com/a")]));
        await AssertErrorAsync(response, 403, "auth_failed", "API Key invalid");
    }

    [Test]
    public async Task A_request_over_the_rate_gets_429_with_remove_bgs_headers()
    {
        using var client = Client(await _host.AddKeyAsync("v1", ratePerMinute: 1, burst: 1));
        using var first = await client.PostAsync("/v1.0/removebg", new FormUrlEncodedContent([new("size", "huge")]));
        using var response = await client.PostAsync("/v1.0/removebg", new FormUrlEncodedContent([new("size", "huge")]));
        await AssertErrorAsync(response, 429, "rate_limit_exceeded", "Rate limit exceeded");
        Assert.That(Header(response, "X-RateLimit-Remaining"), Is.Zero);
        Assert.That(response.Headers.RetryAfter, Is.Not.Null);
    }

    [Test]
    public async Task A_body_that_is_no_object_gets_400()
    {
        using var response =
            await _client.PostAsync("/v1.0/removebg", new StringContent("[1]", Encoding.UTF8, "application/json"));
        await AssertErrorAsync(response, 400, "invalid_request", "not a JSON object");
        using var other =
            await _client.PostAsync("/v1.0/removebg", new StringContent("x", Encoding.UTF8, "text/plain"));
        await AssertErrorAsync(other, 400, "invalid_request", "Content-Type");
    }

    private static async Task<byte[]> OkAsync(HttpResponseMessage response, string mediaType)
    {
        var body = await response.Content.ReadAsByteArrayAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(200),
            () => Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(500, body.Length))));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo(mediaType));
        return body;
    }

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string code, string text)
    {
        var answer = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(status), answer.GetRawText());
        Assert.That(answer.EnumerateObject().Select(property => property.Name), Is.EqualTo(new[] { "errors" }));
        Assert.That(answer.GetProperty("errors")[0].Text("code"), Is.EqualTo(code), answer.GetRawText());
        Assert.That(answer.GetRawText(), Does.Contain(text));
    }

    private Task<HttpResponseMessage> FormAsync(params (string Name, string Value)[] fields) =>
        _client.PostAsync("/v1.0/removebg", new FormUrlEncodedContent(
            fields.Select(field => new KeyValuePair<string, string>(field.Name, field.Value))));

    private static HttpRequestMessage Json(object body) =>
        new(HttpMethod.Post, "/v1.0/removebg") {
            Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") };

    private HttpClient Client(string? key)
    {
        var client = _host.ClientWith(null);
        if (key is not null) client.DefaultRequestHeaders.Add("X-Api-Key", key);
        return client;
    }

    private static int Header(HttpResponseMessage response, string name) =>
        int.Parse(response.Headers.GetValues(name).Single(), System.Globalization.CultureInfo.InvariantCulture);

    private static ByteArrayContent Photo(string sample = "scene-toycar.jpg") =>
        new(File.ReadAllBytes(Repo.Sample(sample)));

    private static StringContent Text(string text) => new(text);

    private static string Base64() => Convert.ToBase64String(File.ReadAllBytes(Repo.Sample("scene-toycar.jpg")));

    private static Picture Read(ZipArchiveEntry entry)
    {
        using var copy = new MemoryStream();
        using var stream = entry.Open();
        stream.CopyTo(copy);
        return Picture.Read(copy.ToArray());
    }
}
