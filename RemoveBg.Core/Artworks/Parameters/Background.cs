using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>Colour, blur or image behind the subject; null in <see cref="CutOutOptions"/> leaves it
/// transparent.</summary>
[JsonConverter(typeof(TextValueConverter<Background>))]
public abstract record Background : ITextValue<Background>
{
    private const string BlurWord = "blur";

    private Background(string text) => Text = text;

    public static string Accepted =>
        $"a colour ({Colour.Accepted}), '{BlurWord}', an absolute http or https URL of an image, or a "
            + "data:image/…;base64, URI";

    public string Text { get; }

    public static Background? TryParse(string text) =>
        Colour.TryParse(text) is { } rgba ? new Solid(text, rgba)
        : text == BlurWord ? new Blur()
        : text.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? new ImageUrl(text)
        : text.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? new StoredImage(text) : null;

    /// <summary>One colour.</summary>
    public sealed record Solid : Background
    {
        internal Solid(string text, uint rgba) : base(text) => Rgba = rgba;

        /// <summary>R in the lowest byte, A in the highest; straight alpha.</summary>
        public uint Rgba { get; }

        public bool IsOpaque => Rgba >> 24 == 255;
    }

    /// <summary>The photo itself, blurred; <see cref="CutOutOptions.BackgroundBlur"/> is the strength.</summary>
    public sealed record Blur : Background
    {
        internal Blur() : base(BlurWord)
        {
        }
    }

    /// <summary>An image that the service downloads from an http or https URL.</summary>
    public sealed record ImageUrl : Background
    {
        internal ImageUrl(string url) : base(url)
        {
        }
    }

    /// <summary>An image that came with the request and is stored as a blob; the text is <c>data:</c> and its media
    /// type.</summary>
    public sealed record StoredImage : Background
    {
        internal StoredImage(string text) : base(text)
        {
        }
    }
}
