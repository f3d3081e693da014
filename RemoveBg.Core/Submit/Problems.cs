namespace RemoveBg.Core.Submit;

/// <summary>Collects what is wrong with a request. The problem after the last reported one ends the parsing, so that
/// neither the work nor the response grows with the request.</summary>
/// <param name="most">Problems that are reported.</param>
public sealed class Problems(int most = Problems.Reported)
{
    public const int Reported = 10;

    /// <summary>Ends a list that is not complete.</summary>
    public const string More = "There are more problems.";

    /// <summary>Characters of a caller's text that a problem shows.</summary>
    private const int Shown = 40;

    private readonly List<string> _all = [];

    public IReadOnlyList<string> All => _all;

    /// <exception cref="ApiException">400 with all problems so far: this would be one too many.</exception>
    public void Add(string problem)
    {
        if (_all.Count == most) throw ApiException.BadRequest($"{string.Join(" ", _all)} {More}");
        _all.Add(problem);
    }

    /// <exception cref="ApiException">400 with all problems.</exception>
    public void ThrowIfAny()
    {
        if (_all.Count > 0) throw ApiException.BadRequest(string.Join(" ", _all));
    }

    /// <summary>Makes a caller's text short and printable.</summary>
    public static string Quote(string text) => new string([.. text.Take(Shown).Select(c =>
        char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]) + (text.Length > Shown ? "…" : "");
}
