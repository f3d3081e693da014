using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RemoveBg.Core.DropIn;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Flow;

/// <summary>Every parameter of remove.bg's route, in each of the three kinds of body.</summary>
public sealed class RemoveBgV1ParametersTests
{
    private const string Photo = "https://images.example.com/photo.jpg";

    /// <summary>All documented values; remove.bg's documentation and the READMEs of its clients show them.</summary>
    private static readonly Dictionary<string, string[]> Documented = new()
    {
        ["size"] = ["preview", "small", "regular", "medium", "hd", "4k", "50MP", "full", "auto"],
        ["type"] = ["auto", "person", "product", "car", "animal", "graphic", "transportation", "other"],
        ["type_level"] = ["none", "latest", "1", "2"],
        ["format"] = ["auto", "png", "jpg", "webp", "zip"],
        ["roi"] = ["0% 0% 100% 100%", "100px 200px 700px 800px", "100 200 700 800"],
        ["crop"] = ["true", "false"],
        ["crop_margin"] = ["0", "30px", "10%", "10% 20px", "10px 20px 30px 40px"],
        ["scale"] = ["original", "80%", "10%", "100%"],
        ["position"] = ["original", "center", "50%", "50% 100%"],
        ["channels"] = ["rgba", "alpha"],
        ["add_shadow"] = ["true", "false"],
        ["shadow_type"] = ["none", "auto", "drop", "3D", "car"],
        ["shadow_opacity"] = ["0", "50", "100"],
        ["semitransparency"] = ["true"],
        ["bg_color"] = ["81d4fa", "#81d4fa", "fff", "81d4fa77", "green", ""],
        ["bg_image_url"] = ["https://images.example.com/beach.jpg", ""],
    };

    private static readonly string[] Wrong =
        ["nonsense", "-1", "1e400", "999999999999999999999", "%", "\u0001", "\uD83D\uDE42", "[]", new('x', 5000)];

    /// <summary>Values that only JSON has.</summary>
    private static readonly string[] WrongInJson = ["[1]", "{}", "{\"a\":1}", "[[1]]", "-1.5", "1e400", "\"nonsense\""];

    private static IEnumerable<string> Parameters => Documented.Keys.Concat(["image_url", "image_file_b64"]);

    private RunningHost _host = null!;

    [OneTimeSetUp]
    public async Task Start() => _host = await RunningHost.StartAsync();

    [OneTimeTearDown]
    public Task Stop() => _host.DisposeAsync().AsTask();

    [TestCaseSource(nameof(DocumentedValues))]
    public void A_documented_value_is_accepted(string name, string value)
    {
        var parser = new RemoveBgV1Request(Requests.Parser());
        List<KeyValuePair<string, string>> texts = [new("image_url", Photo), new(name, value)];
        if (name == "crop_margin") texts.Add(new("crop", "true"));
        Assert.That(() => parser.Parse(texts, new Dictionary<string, InlineImage>()), Throws.Nothing);
    }

    [Test]
    public async Task A_wrong_value_gets_400_in_their_shape_with_the_parameters_name(
        [ValueSource(nameof(Parameters))] string name, [Values("multipart", "urlencoded", "json")] string body)
    {
        foreach (var value in Wrong) await RefusesAsync(Content(body, name, value), name, $"{name}={value}");
        if (body == "json")
            foreach (var value in WrongInJson)
            {
                var source = name.StartsWith("image_", StringComparison.Ordinal) ? "" : $"\"image_url\":\"{Photo}\",";
                await RefusesAsync(new StringContent($"{{{source}\"{name}\":{value}}}", Encoding.UTF8,
                    "application/json"), value.Contains("[[", StringComparison.Ordinal) ? "" : name,
                    $"{name}: {value}");
            }
    }

    private static IEnumerable<object[]> DocumentedValues() =>
        from parameter in Documented from value in parameter.Value select new object[] { parameter.Key, value };

    private async Task RefusesAsync(HttpContent content, string name, string sent)
    {
        using (content)
        using (var response = await _host.Client.PostAsync("/v1.0/removebg", content))
        {
            var answer = await response.JsonAsync();
            Assert.That((int)response.StatusCode, Is.EqualTo(400), $"{sent}: {answer}");
            var errors = answer.GetProperty("errors").EnumerateArray().ToList();
            Assert.That(errors.Select(error => error.Text("code")), Is.All.Not.Empty);
            // What is base64, but no image, is named by its kind.
            if (errors[0].Text("code") != "invalid_file_type") Assert.That(answer.ToString(), Does.Contain(name), sent);
        }
    }

    private static HttpContent Content(string body, string name, string value)
    {
        List<KeyValuePair<string, string>> fields = [new(name, value)];
        if (!name.StartsWith("image_", StringComparison.Ordinal)) fields.Add(new("image_url", Photo));
        switch (body)
        {
            case "json":
                return new StringContent(JsonSerializer.Serialize(fields.ToDictionary()), Encoding.UTF8,
                    new MediaTypeHeaderValue("application/json"));
            case "urlencoded":
                return new FormUrlEncodedContent(fields);
            default:
                var form = new MultipartFormDataContent();
                foreach (var (field, text) in fields) form.Add(new StringContent(text), field);
                return form;
        }
    }
}
