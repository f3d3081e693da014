using System.Globalization;
using System.Text.Json;

namespace RemoveBg.Core.Submit;

/// <summary>What a field holds; a form has only texts.</summary>
internal enum FieldKind
{
    Text,
    Flag,
    Number,
}

/// <summary>The fields of one request, and all that is wrong with them.</summary>
/// <param name="prefix">Before each field's name in a problem: where the request lies in a larger one.</param>
/// <param name="shown">What a field is called in a problem; null: as it is.</param>
internal sealed class RequestFields(List<string> problems, string prefix = "", Func<string, string>? shown = null)
{
    private readonly Dictionary<string, JsonElement> _values = [];

    /// <summary>All that are accepted, in the order in which they are named to callers.</summary>
    public static IReadOnlyDictionary<string, FieldKind> Known { get; } = new Dictionary<string, FieldKind>
    {
        ["imageUrl"] = FieldKind.Text,
        ["webhook"] = FieldKind.Text,
        ["outputFormat"] = FieldKind.Text,
        ["crop"] = FieldKind.Flag,
        ["cropMargin"] = FieldKind.Text,
        ["scale"] = FieldKind.Text,
        ["position"] = FieldKind.Text,
        ["roi"] = FieldKind.Text,
        ["background"] = FieldKind.Text,
        ["shadow"] = FieldKind.Flag,
        ["size"] = FieldKind.Number,
        ["megapixels"] = FieldKind.Number,
        ["channels"] = FieldKind.Text,
        ["model"] = FieldKind.Text,
        ["requireForeground"] = FieldKind.Flag,
    };

    public static string Names { get; } = string.Join(", ", Known.Keys);

    public IReadOnlyList<string> Problems => problems;

    public void Problem(string field, string problem) =>
        problems.Add($"{prefix}{shown?.Invoke(field) ?? field} {problem}");

    public void Put(string name, JsonElement value)
    {
        if (Known.ContainsKey(name)) _values[name] = value;
        else Unknown(name);
    }

    /// <summary>A field of a form: texts that are a flag or a number become one.</summary>
    public void Put(string name, string text)
    {
        if (!Known.TryGetValue(name, out var kind)) Unknown(name);
        else if (kind == FieldKind.Flag && text is "true" or "false")
            _values[name] = JsonSerializer.SerializeToElement(text == "true");
        else if (kind == FieldKind.Number
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)) _values[name] = JsonSerializer.SerializeToElement(number);
        else _values[name] = JsonSerializer.SerializeToElement(text);
    }

    /// <returns>Null when it is absent or null.</returns>
    public JsonElement? Find(string name) =>
        _values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public bool Has(string name) => _values.ContainsKey(name);

    /// <param name="accepted">What is accepted, to be read after "must be".</param>
    /// <returns>Null when absent, or no text; the latter is a problem.</returns>
    public string? Text(string name, string accepted)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
        Problem(name, $"must be a string: {accepted}.");
        return null;
    }

    public bool? Flag(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Problem(name, "must be true or false.");
        return null;
    }

    public double? Number(string name, double least, double most, bool isWhole, string unit)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least
            && number <= most && (!isWhole || number == Math.Floor(number))) return number;
        Problem(name, string.Create(CultureInfo.InvariantCulture,
            $"must be a {(isWhole ? "whole " : "")}number from {least} to {most}: {unit}."));
        return null;
    }

    private void Unknown(string name)
    {
        // A name from outside, short and printable.
        var clean = new string([.. name.Take(40).Select(c => char.IsControl(c) ? '?' : c)]);
        problems.Add($"'{prefix}{clean}{(name.Length > 40 ? "…" : "")}' is not a known field; accepted are {Names}.");
    }
}
