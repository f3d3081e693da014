using System.Text.Json;
using System.Text.Json.Serialization;

namespace RemoveBg.Core.Artworks.Parameters;

/// <summary>A parameter that callers write as text. It is parsed once, when the request is read or the record is
/// loaded, and is stored and shown as the text that the caller gave.</summary>
/// <typeparam name="TSelf">The type that implements it.</typeparam>
public interface ITextValue<TSelf> where TSelf : class, ITextValue<TSelf>
{
    /// <summary>Accepted texts, to be read after "must be".</summary>
    static abstract string Accepted { get; }

    /// <summary>The text as the caller wrote it.</summary>
    string Text { get; }

    /// <returns>Null when the text is not accepted.</returns>
    static abstract TSelf? TryParse(string text);
}

/// <summary>Reads and writes an <see cref="ITextValue{TSelf}"/> as a JSON string.</summary>
internal sealed class TextValueConverter<T> : JsonConverter<T> where T : class, ITextValue<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        T.TryParse(reader.GetString()!) ?? throw new JsonException($"{typeof(T).Name} must be {T.Accepted}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}
