namespace RemoveBg.Core.Layout;

/// <summary>Where the subject is in the picture: <c>original</c>, <c>center</c>, or its share of the free room to the
/// left and above it, like <c>50% 100%</c> (remove.bg's <c>position</c>).</summary>
internal readonly record struct Position(double X, double Y)
{
    public const string Original = "original";
    public const string Accepted = "'original', 'center', or one or two percentages like '50%' or '50% 100%'";

    public static readonly Position Center = new(0.5, 0.5);

    /// <param name="position">Null for <see cref="Original"/>.</param>
    /// <returns>Whether it could be understood.</returns>
    public static bool TryParse(string text, out Position? position)
    {
        position = text == "center" ? Center : null;
        if (text is Original or "center") return true;
        if (Length.TryParseAll(text, 1, 2) is not { } shares
            || !shares.All(share => share is { IsShare: true, Value: <= 1 })) return false;
        position = new(shares[0].Value, shares[^1].Value);
        return true;
    }
}
