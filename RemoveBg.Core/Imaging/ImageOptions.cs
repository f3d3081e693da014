using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Imaging;

/// <summary>Settings under <c>RemoveBg:Image</c>: size limits of a decoded image.</summary>
public sealed class ImageOptions
{
    public const string Section = "RemoveBg:Image";

    /// <summary>Largest width times height, in pixels. Default 50,000,000.</summary>
    [Range(1, 400_000_000)]
    public int MaxPixels { get; set; } = 50_000_000;

    /// <summary>Largest width and largest height, in pixels. Default 20,000.</summary>
    [Range(1, 65_535)]
    public int MaxSide { get; set; } = 20_000;
}
