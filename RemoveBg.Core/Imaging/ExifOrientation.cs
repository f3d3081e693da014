namespace RemoveBg.Core.Imaging;

/// <summary>How stored rows and columns lie in the picture as it is meant to be seen (EXIF 2.32, tag 0x0112).</summary>
internal enum ExifOrientation
{
    Upright = 1,
    MirroredHorizontally = 2,
    Rotated180 = 3,
    MirroredVertically = 4,
    Transposed = 5,

    /// <summary>To be turned by 90° clockwise.</summary>
    NeedsClockwise = 6,
    Transversed = 7,

    /// <summary>To be turned by 90° counter-clockwise.</summary>
    NeedsCounterClockwise = 8,
}
