namespace RemoveBg.Core.Layout;

/// <summary>Room around a cropped subject: one length for all sides, two for top and bottom, left and right,
/// or four from the top clockwise. A share is of the subject's height or width, at most 50 %; pixels at most
/// 500 (remove.bg's <c>crop_margin</c>).</summary>
internal readonly record struct Margin(Length Top, Length Right, Length Bottom, Length Left)
{
    public const string Accepted = "one, two or four lengths with blanks between (all sides; top and bottom, left and "
        + "right; top, right, bottom, left), each at most 500px or 50%, like '10%' or '20px 0'";

    public static Margin? TryParse(string text) =>
        Length.TryParseAll(text, 1, 2, 4) is { } all && all.All(length => length.Value <= (length.IsShare ? 0.5 : 500))
            ? new(all[0], all[1 % all.Count], all[2 % all.Count], all[3 % all.Count]) : null;
}
