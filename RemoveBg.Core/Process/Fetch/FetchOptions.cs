using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Process.Fetch;

/// <summary>Settings <c>RemoveBg:Fetch</c>: limits of the download.</summary>
public sealed class FetchOptions
{
    public const string Section = "RemoveBg:Fetch";

    /// <summary>Largest file, in bytes. Default 26,214,400 (25 MiB).</summary>
    [Range(1, 1024 * 1024 * 1024)]
    public int MaxBytes { get; set; } = 25 * 1024 * 1024;

    /// <summary>Longest download from the first connection to the last byte, redirects included. Default 30
    /// s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest silence of the server. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Artworks that one instance downloads for at once. Default 14; at most host.json's newBatchThreshold, or
    /// an instance full of slow sources reads no more messages.</summary>
    [Range(1, 100)]
    public int MaxAtOnce { get; set; } = 14;

    /// <summary>User-Agent of image downloads. Some servers ask for a contact in it. Default
    /// <c>RemoveBg/1.0</c>.</summary>
    [Required, RegularExpression(@"^[\x21-\x7e]([\x20-\x7e]{0,198}[\x21-\x7e])?$")]
    public string UserAgent { get; set; } = "RemoveBg/1.0";

    /// <summary>Most redirects that are followed. Default 3.</summary>
    [Range(0, 20)]
    public int MaxRedirects { get; set; } = 3;
}
