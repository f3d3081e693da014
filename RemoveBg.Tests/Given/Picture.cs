using SkiaSharp;

namespace RemoveBg.Tests.Given;

/// <summary>A decoded image: RGBA, straight alpha, as stored in the file (no
/// colour conversion, no orientation).</summary>
internal sealed class Picture
{
    private readonly byte[] _pixels;

    private Picture(int width, int height, byte[] pixels) => (Width, Height, _pixels) = (width, height, pixels);

    public int Width { get; }
    public int Height { get; }

    public static Picture Read(string path) => Read(File.ReadAllBytes(path));

    public static Picture Read(byte[] file)
    {
        using var codec = SKCodec.Create(new MemoryStream(file)) ?? throw new AssertionException("Not a picture.");
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var pixels = new byte[info.BytesSize];
        unsafe
        {
            fixed (byte* to = pixels) Assert.That(codec.GetPixels(info, (nint)to), Is.EqualTo(SKCodecResult.Success));
        }
        return new(info.Width, info.Height, pixels);
    }

    /// <summary>A part of a picture, by shares of its sides, as PNG.</summary>
    public static byte[] Cropped(string path, double left, double top, double right, double bottom)
    {
        using var codec = SKCodec.Create(path);
        using var whole = new SKBitmap(codec.Info);
        Assert.That(codec.GetPixels(codec.Info, whole.GetPixels()), Is.EqualTo(SKCodecResult.Success));
        using var part = new SKBitmap();
        whole.ExtractSubset(part, new((int)(left * whole.Width), (int)(top * whole.Height), (int)(right * whole.Width),
            (int)(bottom * whole.Height)));
        using var data = part.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    public (byte R, byte G, byte B, byte A) this[int x, int y]
    {
        get
        {
            var i = (y * Width + x) * 4;
            return (_pixels[i], _pixels[i + 1], _pixels[i + 2], _pixels[i + 3]);
        }
    }

    public byte Alpha(int x, int y) => _pixels[(y * Width + x) * 4 + 3];

    public double MeanAlpha() => Enumerable.Range(0, Width * Height).Average(i => _pixels[i * 4 + 3] / 255.0);

    /// <summary>Intersection over union of alpha ≥ ½ with a mask's red channel ≥ ½.</summary>
    public double IouWith(Picture mask)
    {
        Assert.That((mask.Width, mask.Height), Is.EqualTo((Width, Height)), "mask and cut-out differ in size");
        int both = 0, any = 0;
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
            {
                bool here = Alpha(x, y) >= 128, there = mask[x, y].R >= 128;
                if (here && there) both++;
                if (here || there) any++;
            }
        return any == 0 ? 1 : both / (double)any;
    }

    /// <summary>Correlation, -1 to 1, of this picture's differences between neighbours in a row with those of another
    /// picture, in green, in a part of both. Without any difference, 0.</summary>
    public double DetailsSharedWith(Picture other, Func<int, int, bool> isPart)
    {
        double both = 0, own = 0, others = 0;
        for (var y = 0; y < Height; y++)
            for (var x = 1; x < Width; x++)
            {
                if (!isPart(x, y) || !isPart(x - 1, y)) continue;
                var (here, there) = (this[x, y].G - this[x - 1, y].G, other[x, y].G - other[x - 1, y].G);
                both += here * there;
                own += here * here;
                others += there * there;
            }
        return own == 0 || others == 0 ? 0 : both / Math.Sqrt(own * others);
    }
}
