namespace RemoveBg.Core.Imaging;

/// <summary>Orientation of the stored pixels relative to the upright image (EXIF 2.32, tag 0x0112).</summary>
internal enum ExifOrientation
{
    Upright = 1,
    MirroredHorizontally = 2,
    Rotated180 = 3,
    MirroredVertically = 4,
    Transposed = 5,

    /// <summary>Needs a clockwise turn by 90°.</summary>
    NeedsClockwise = 6,
    Transversed = 7,

    /// <summary>Needs a counter-clockwise turn by 90°.</summary>
    NeedsCounterClockwise = 8,
}
