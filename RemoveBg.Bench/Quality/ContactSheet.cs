using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using SkiaSharp;

namespace RemoveBg.Bench.Quality;

/// <summary>Contact sheet with photo, truth, bilinear alpha and our cut-out side by side, one row per pair.</summary>
internal sealed class ContactSheet : IDisposable
{
    private const int CellSize = 320, Gap = 6, MostRows = 14;
    private static readonly SKColor NewBackground = new(0x30, 0xB0, 0x60);

    private readonly SKBitmap _sheet = new(4 * (CellSize + Gap) + Gap, MostRows * (CellSize + Gap) + Gap);
    private readonly SKCanvas _canvas;
    private int _rows;

    public ContactSheet()
    {
        _canvas = new(_sheet);
        _canvas.Clear(SKColors.White);
    }

    public bool IsFull => _rows == MostRows;

    public void Add(Photo photo, Plane truth, Plane plain, Photo cutOut)
    {
        Draw(photo, 0, null);
        Draw(photo, 1, truth);
        Draw(photo, 2, plain);
        Draw(cutOut, 3, null);
        _rows++;
    }

    public void Save(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        using var used = new SKBitmap();
        _sheet.ExtractSubset(used, new SKRectI(0, 0, _sheet.Width, _rows * (CellSize + Gap) + Gap));
        using var stream = File.Create(file);
        used.Encode(stream, SKEncodedImageFormat.Png, 100);
    }

    public void Dispose()
    {
        _canvas.Dispose();
        _sheet.Dispose();
    }

    /// <param name="alpha">Alpha to cut the image out with; null to draw it as it is.</param>
    private unsafe void Draw(Photo image, int column, Plane? alpha)
    {
        using var bitmap =
            new SKBitmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        var pixels = new Span<uint>((void*)bitmap.GetPixels(), image.Width * image.Height);
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = alpha is null ? image.Pixels[i]
                : (image.Pixels[i] & 0xFFFFFF) | (uint)(alpha.Values[i] * 255 + 0.5f) << 24;
        var scale = Math.Min((float)CellSize / image.Width, (float)CellSize / image.Height);
        var cell = SKRect.Create(Gap + column * (CellSize + Gap), Gap + _rows * (CellSize + Gap), image.Width * scale,
            image.Height * scale);
        using var paint = new SKPaint { Color = NewBackground };
        _canvas.DrawRect(cell, paint);
        using var drawable = SKImage.FromBitmap(bitmap);
        _canvas.DrawImage(drawable, cell, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
    }
}
