namespace RemoveBg.Core.Layout;

/// <summary>A rectangle of an image; its edges may lie between pixels.</summary>
internal readonly record struct Window(double Left, double Top, double Width, double Height)
{
    /// <summary>Returns the same part of a copy of the image in another size.</summary>
    /// <param name="x">Pixels of the copy per pixel of the image, across.</param>
    /// <param name="y">The same, down.</param>
    public Window Scaled(double x, double y) => new(Left * x, Top * y, Width * x, Height * y);
}
