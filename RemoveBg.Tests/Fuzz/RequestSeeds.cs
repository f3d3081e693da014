using System.Text;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Requests of each kind, written by hand and by HttpClient.</summary>
internal static class RequestSeeds
{
    public static readonly string[] DropInWords = ["image_url", "image_file_b64", "size", "roi", "crop", "crop_margin",
        "scale", "position", "channels", "bg_color", "bg_image_url", "add_shadow", "shadow_type", "shadow_opacity",
        "type", "format", "semitransparency", "&crop_margin=-Infinity", "preview", "50MP", "zip", "jpg", "&", "=",
        "original"];

    public static readonly string[] MultipartWords = ["\r\n--b\r\n", "\r\n--b--", "--b",
        "Content-Disposition: form-data", "; name=\"", "; filename=\"a\"", "; filename*=UTF-8''a", "\r\n\r\n",
        "Content-Type: image/png\r\n", "boundary=", "multipart/form-data; boundary=", "=?utf-8?B?YQ==?="];

    public static IReadOnlyList<byte[]> Json =>
    [
        Text("""{"imageUrl":"https://example.com/a.png"}"""),
        Text("""
            {"imageUrl":"https://example.com/a.png","webhook":"https://example.com/hook","outputFormat":"webp",
            "crop":true,"cropMargin":"10% 20px","roi":"0 0 50% 100px","size":640,"megapixels":1.5,
            "requireForeground":true}
            """),
        Text("""
            {"imageUrl":"https://b\u00fccher.example.com/a","scale":"80%","position":"50% 100%","background":"#ff8800",
            "shadow":true,"channels":"rgba","model":"u2netp"}
            """),
        Text("""{"imageUrl":"data:image/png;base64,iVBORw0KGgo=","background":"blur","backgroundBlur":40}"""),
        Text("""{"imageUrl":"https:\/\/example.com\/a","background":"https://example.com/b.jpg"}"""),
        Text($$"""{"imageUrl":"data:image/jpeg;base64,{{new string('A', 66_000)}}"}"""),
    ];

    public static IReadOnlyList<byte[]> Batches =>
    [
        .. Json.Take(5).Select(body => Text($$"""{"artworks":[{{Encoding.UTF8.GetString(body)}}]}""")),
        Text($$"""{"artworks":[{{string.Join(',', Json.Take(3).Select(Encoding.UTF8.GetString))}}]}"""),
    ];

    public static IReadOnlyList<byte[]> Forms =>
    [
        Text("outputFormat=png&size=640&crop=true&cropMargin=10%25+20px"),
        Text("webhook=https%3A%2F%2Fexample.com%2Fhook&shadow=on&background=red&megapixels=1e1"),
        Text("scale=80%25&position=center&roi=0+0+50%25+50%25&requireForeground=yes"),
        Text("background=data:image/png;base64,AAAA&channels=rgba&empty="),
        Text($"background=data:image/png;base64,{new string('A', 66_000)}"),
    ];

    public static IReadOnlyList<byte[]> DropIn =>
    [
        Text("image_url=https://example.com/a.jpg&size=auto&format=png&bg_color=81d4fa77"),
        Text("image_file_b64=AAAA&crop=true&crop_margin=10%25&scale=original&shadow_type=drop&shadow_opacity=50"),
        Text("image_url=https://example.com/a.jpg&channels=alpha&position=center&roi=0%25+0%25+50%25+50%25&type=car"),
        Text("image_url=https://example.com/a.jpg&bg_image_url=https://example.com/b.jpg&add_shadow=true&size=4k"),
    ];

    public static IReadOnlyList<byte[]> DropInJson =>
    [
        Text("""{"image_url":"https://example.com/a.jpg","size":"auto","crop":true,"crop_margin":"10%"}"""),
        Text("""{"image_file_b64":"AAAA","bg_color":"81d4fa77","add_shadow":false,"shadow_opacity":50,"roi":null}"""),
    ];

    public static IReadOnlyList<byte[]> Multipart => [.. WriteMultipart()];

    public static IReadOnlyList<byte[]> DataUris =>
    [
        Text("data:image/png;base64,iVBORw0KGgo="), Text("data:image/svg+xml;charset=utf-8;base64,QUJD"),
        Text("DATA:IMAGE/JPEG;BASE64,QQ=="),
    ];

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static IEnumerable<byte[]> WriteMultipart()
    {
        foreach (var name in new[] { "image", "\u00e4 b" })
        {
            using var form = new MultipartFormDataContent("b");
            using var file = new ByteArrayContent([1, 2, 3, 13, 10, 45, 45]);
            file.Headers.ContentType = new("image/png");
            using var size = new StringContent("640");
            size.Headers.ContentType = null;
            form.Add(size, "size");
            form.Add(file, name, "a.png");
            using var plain = new StringContent("red");
            plain.Headers.ContentType = null;
            form.Add(plain, "\"background\"");
            using var bytes = new MemoryStream();
            form.CopyTo(bytes, null, default);
            yield return [.. Text($"{form.Headers.ContentType}\n"), .. bytes.ToArray()];
        }
        yield return Text("multipart/form-data; boundary=\"b\"\n--b\r\n"
            + "Content-Disposition: form-data; name=\"image\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\nxyz\r\n--b--\r\n");
        yield return Text("multipart/form-data; boundary=b\n"
            + "--b\nContent-Disposition: form-data; name=\"a\"\n\nx\n--b--\n");
    }
}
