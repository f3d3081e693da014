using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Imaging;

/// <summary>Settings <c>RemoveBg:Image</c>: how large a picture may be once decoded.</summary>
public sealed class ImageOptions
{
    public const string Section = "RemoveBg:Image";

    /// <summary>Width times height. Default 50,000,000.</summary>
    [Range(1, 400_000_000)]
    public int MaxPixels { get; set; } = 50_000_000;

    /// <summary>Width, and height. Default 20,000.</summary>
    [Range(1, 65_535)]
    public int MaxSide { get; set; } = 20_000;
}
