using System.Globalization;
using System.Text;
using System.Text.Json;
using RemoveBg.Core.Artworks.Parameters;

namespace RemoveBg.Core.Submit;

/// <summary>The fields of one request, and what is wrong with them.</summary>
/// <param name="problems">Receives the problems.</param>
/// <param name="prefix">Path of the request within a larger one; precedes each field's name in a problem.</param>
/// <param name="shown">Maps our name of a field to the name that the caller used; null keeps it.</param>
/// <param name="longTexts">The request's long texts; null if it has none.</param>
internal sealed class RequestFields(Problems problems, string prefix = "", Func<string, string>? shown = null,
    LongTexts? longTexts = null)
{
    private readonly Dictionary<string, JsonElement> _values = [];
    private bool _isForm;

    /// <summary>All accepted names, in the order in which errors list them.</summary>
    public static IReadOnlyList<string> Known { get; } =
        ["imageUrl", "webhook", "outputFormat", .. CutOutOptions.Names];

    public static string Names { get; } = string.Join(", ", Known);

    public void Problem(string field, string problem) =>
        problems.Add($"{prefix}{shown?.Invoke(field) ?? field} {problem}");

    /// <summary>Reports a field that means nothing without another one.</summary>
    public void NeedsOther(string field, string other, string value)
    {
        var name = shown?.Invoke(other) ?? other;
        // Options of the command line: --crop, --background blur.
        var pair = !name.StartsWith('-') ? $"{name}: {value}" : value == "true" ? name : $"{name} {value}";
        Problem(field, $"needs {pair}.");
    }

    public void Put(string name, JsonElement value)
    {
        if (Known.Contains(name)) _values[name] = value;
        else Unknown(name);
    }

    /// <summary>Puts a field of a form, where numbers and flags come as text. An input that was left empty is
    /// absent.</summary>
    public void Put(string name, string text)
    {
        Put(name, JsonSerializer.SerializeToElement(text.Length > 0 ? text : null));
        _isForm = true;
    }

    /// <returns>Null when it is absent or null.</returns>
    public JsonElement? Find(string name) =>
        _values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public bool Has(string name) => _values.ContainsKey(name);

    /// <param name="name">The field.</param>
    /// <param name="accepted">Accepted texts, to be read after "must be".</param>
    /// <returns>Null when absent, or no text; the latter is a problem. The beginning of a long text.</returns>
    public string? Text(string name, string accepted)
    {
        if (Find(name) is not { } value) return null;
        if (Long(name) is { } text)
            return Encoding.UTF8.GetString(text.Span[..Math.Min(text.Length, LongTexts.Shortest)]);
        if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
        Problem(name, $"must be a string: {accepted}.");
        return null;
    }

    /// <returns>All of a long text; null when the field is absent or anything else.</returns>
    public Memory<byte>? Long(string name) => Find(name) is { ValueKind: JsonValueKind.String } value
        ? longTexts?.Find(value.GetString()!) : null;

    /// <returns>Null when absent, or not one of these; the latter is a problem.</returns>
    public string? Word(string name, IReadOnlyList<string> accepted)
    {
        var all = $"one of {string.Join(", ", accepted)}";
        if (Text(name, all) is not { } text) return null;
        if (accepted.Contains(text)) return text;
        Problem(name, $"must be {all}.");
        return null;
    }

    /// <returns>Null when absent, or not accepted; the latter is a problem.</returns>
    public T? Value<T>(string name) where T : class, ITextValue<T>
    {
        if (Text(name, T.Accepted) is not { } text) return null;
        if (T.TryParse(text) is { } value) return value;
        Problem(name, $"must be {T.Accepted}.");
        return null;
    }

    /// <returns>Null when absent, or no flag; the latter is a problem.</returns>
    public bool? Flag(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        if (_isForm && value.ValueKind == JsonValueKind.String)
            switch (value.GetString()!.ToLowerInvariant())
            {
                case "true" or "1" or "on" or "yes": return true;
                case "false" or "0" or "off" or "no": return false;
            }
        Problem(name, "must be true or false.");
        return null;
    }

    /// <returns>Null when absent, or no number in the range; the latter is a problem.</returns>
    public double? Number(string name, double least, double most, bool isWhole, string unit)
    {
        if (Find(name) is not { } value) return null;
        if (AsNumber(value) is { } number && number >= least && number <= most
            && (!isWhole || number == Math.Floor(number))) return number;
        Problem(name, string.Create(CultureInfo.InvariantCulture,
            $"must be a {(isWhole ? "whole " : "")}number from {least} to {most}: {unit}."));
        return null;
    }

    private double? AsNumber(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)) return number;
        return _isForm && value.ValueKind == JsonValueKind.String
            && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed)
            ? parsed : null;
    }

    private void Unknown(string name) =>
        problems.Add($"'{prefix}{Problems.Quote(name)}' is not a known field; accepted: {Names}.");
}
