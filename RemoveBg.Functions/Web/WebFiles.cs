using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;

namespace RemoveBg.Functions.Web;

/// <summary>A file of the page.</summary>
/// <param name="ContentType">Its media type.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Gzip">The compressed content; null if compression does not help.</param>
internal sealed record WebFile(string ContentType, byte[] Content, byte[]? Gzip)
{
    /// <summary>Changes with the content.</summary>
    public string ETag { get; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(Content))[..16]}\"";
}

/// <summary>Pages, their assets and the OpenAPI document, all embedded in the program, so that they work
/// offline.</summary>
internal static class WebFiles
{
    private const string Prefix = "web/";

    /// <summary>Files by name, without folders.</summary>
    public static FrozenDictionary<string, WebFile> All { get; } = Read();

    private static FrozenDictionary<string, WebFile> Read()
    {
        var ours = typeof(WebFiles).Assembly;
        var files = ours.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(
            name => name[Prefix.Length..],
            name =>
            {
                var content = Bytes(ours.GetManifestResourceStream(name)!);
                var type = TypeOf(name);
                return new WebFile(type, content, type is "image/jpeg" or "image/webp" ? null : Zip(content));
            });

        // The reference page's script comes compressed in its package.
        var zipped = Bytes(
            typeof(Scalar.AspNetCore.ScalarOptions).Assembly.GetManifestResourceStream("ScalarStaticAssets.scalar.js")
            ?? throw new InvalidOperationException("Scalar.AspNetCore no longer has scalar.js where it was."));
        using var unzip = new GZipStream(new MemoryStream(zipped), CompressionMode.Decompress);
        files["scalar.js"] = new(TypeOf(".js"), Bytes(unzip), zipped);
        return files.ToFrozenDictionary();
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".json" => "application/json",
        ".jpg" => "image/jpeg",
        ".webp" => "image/webp",
        var other => throw new InvalidOperationException($"No media type is known for {other}."),
    };

    private static byte[] Bytes(Stream stream)
    {
        using (stream)
        {
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        }
    }

    private static byte[] Zip(byte[] content)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.SmallestSize)) gzip.Write(content);
        return zipped.ToArray();
    }
}
