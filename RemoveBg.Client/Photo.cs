namespace RemoveBg.Client;

/// <summary>A photo to submit: a URL, or a file from disk, memory or a stream.</summary>
public sealed class Photo
{
    private readonly Func<CancellationToken, Task<byte[]>>? _read;

    private Photo(string? url, string name, Func<CancellationToken, Task<byte[]>>? read) =>
        (Url, Name, _read) = (url, name, read);

    /// <summary>Null for a file.</summary>
    internal string? Url { get; }

    /// <summary>File name in a form.</summary>
    internal string Name { get; }

    internal bool IsFile => _read is not null;

    /// <param name="url">An absolute http or https URL that the service can reach, or a <c>data:</c> URI.</param>
    public static Photo FromUrl(string url) => new(url, "", null);

    /// <param name="path">A file; it is read when it is submitted.</param>
    public static Photo FromFile(string path) =>
        new(null, Path.GetFileName(path), cancellationToken => File.ReadAllBytesAsync(path, cancellationToken));

    /// <param name="bytes">The bytes of a file.</param>
    public static Photo FromBytes(byte[] bytes) => new(null, "image", _ => Task.FromResult(bytes));

    /// <param name="stream">Read to its end when it is submitted, so that a retry can send it again; it stays
    /// open.</param>
    public static Photo FromStream(Stream stream) => new(null, "image", async cancellationToken =>
    {
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes.ToArray();
    });

    internal Task<byte[]> ReadAsync(CancellationToken cancellationToken) => _read!(cancellationToken);
}
