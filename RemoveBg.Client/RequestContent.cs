using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoveBg.Client;

/// <summary>Bodies of requests.</summary>
internal static class RequestContent
{
    /// <summary>JSON, or a form if there are files. Each attempt sends content of its own.</summary>
    public static async Task<Func<HttpContent>> OfAsync(JsonObject fields, List<(string Name, Photo Photo)> files,
        CancellationToken cancellationToken)
    {
        if (files.Count == 0) return () => Json(fields);
        var read = new List<(string Name, string File, byte[] Bytes)>();
        foreach (var (name, photo) in files)
            read.Add((name, photo.Name, photo.IsFile ? await photo.ReadAsync(cancellationToken).ConfigureAwait(false)
                : throw new ArgumentException($"{name}: expected a file, not a URL.")));
        return () =>
        {
            var form = new MultipartFormDataContent();
            foreach (var (name, file, bytes) in read) form.Add(new ByteArrayContent(bytes), name, file);
            foreach (var (name, value) in fields) form.Add(new StringContent($"{value}"), name);
            return form;
        };
    }

    /// <summary>Content with a length, unlike JsonContent.</summary>
    public static StringContent Json(JsonObject fields) =>
        new(fields.ToJsonString(), Encoding.UTF8, "application/json");

    public static JsonObject Fields(Options options) =>
        (JsonObject)JsonSerializer.SerializeToNode(options, ApiJson.Wire.Fields)!;
}
