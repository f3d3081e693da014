using System.Collections.Concurrent;
using SkiaSharp;

namespace RemoveBg.Tests.Given;

/// <summary>Samples in small, for tests that do not look at the picture: a cut-out takes a fifth of the time.</summary>
internal static class SmallPhotos
{
    private const int Width = 160;

    private static readonly ConcurrentDictionary<string, Lazy<string>> Made = new();

    /// <summary>Path of a sample with 160 pixels in a row, under the sample's name.</summary>
    public static string Of(string name) => Made.GetOrAdd(name, _ => new(() => Make(name))).Value;

    private static string Make(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Home.Folder, "small"));
        using var codec = SKCodec.Create(Repo.Sample(name));
        using var photo = SKBitmap.Decode(codec);
        using var small = photo.Resize(new SKImageInfo(Width, Width * photo.Height / photo.Width),
            new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        var path = Path.Combine(folder.FullName, name);
        using var file = File.Create(path);
        small.Encode(file, SKEncodedImageFormat.Jpeg, 90);
        return path;
    }
}
