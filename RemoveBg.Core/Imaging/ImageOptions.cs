using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Imaging;

/// <summary>Settings under <c>RemoveBg:Image</c>: what is decoded.</summary>
public sealed class ImageOptions
{
    public const string Section = "RemoveBg:Image";

    /// <summary>Largest width times height, in pixels. Default 50,000,000.</summary>
    [Range(1, 400_000_000)]
    public int MaxPixels { get; set; } = 50_000_000;

    /// <summary>Largest width and largest height, in pixels. Default 20,000.</summary>
    [Range(1, 65_535)]
    public int MaxSide { get; set; } = 20_000;

    /// <summary>Whether HEIC, AVIF, TIFF and JPEG XL are decoded, in a process of their own. Default true; without
    /// effect where the build has left the decoder out.</summary>
    public bool SecondDecoder { get; set; } = true;

    /// <summary>Processor time that such a file may take, in whole seconds. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan SecondDecoderTime { get; set; } = TimeSpan.FromSeconds(30);
}
