using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Layout;

/// <summary>The rectangle in which a subject is looked for; what lies outside is background. Two corners, <c>x1 y1 x2
/// y2</c>, in pixels or percent of the upright photo (remove.bg's <c>roi</c>).</summary>
internal readonly record struct Region(Length X1, Length Y1, Length X2, Length Y2)
{
    public const string Accepted = "two corners 'x1 y1 x2 y2' in pixels or percent, the first one left of and above "
        + "the second, like '0% 0% 50% 100%'";

    public static Region? TryParse(string text)
    {
        if (Length.TryParseAll(text, 4) is not { } all || all.Any(length => length is { IsShare: true, Value: > 1 }))
            return null;
        // Lengths of different kinds can only be compared when the photo is known.
        var isOrdered = (all[0].IsShare != all[2].IsShare || all[0].Value < all[2].Value)
            && (all[1].IsShare != all[3].IsShare || all[1].Value < all[3].Value);
        return isOrdered ? new(all[0], all[1], all[2], all[3]) : null;
    }

    /// <returns>Null when nothing of it is in the photo.</returns>
    public Box? In(int width, int height)
    {
        var left = Math.Clamp((int)Math.Floor(X1.Of(width)), 0, width);
        var top = Math.Clamp((int)Math.Floor(Y1.Of(height)), 0, height);
        var box = new Box(left, top, Math.Clamp((int)Math.Ceiling(X2.Of(width)), 0, width) - left,
            Math.Clamp((int)Math.Ceiling(Y2.Of(height)), 0, height) - top);
        return box.Width > 0 && box.Height > 0 ? box : null;
    }

    /// <summary>That part of a photo, as a photo of its own.</summary>
    public static Photo Cut(Photo photo, Box box)
    {
        var part = new Photo(box.Width, box.Height, photo.IsOpaque);
        for (var y = 0; y < box.Height; y++) photo.Row(box.Top + y).Slice(box.Left, box.Width).CopyTo(part.Row(y));
        return part;
    }
}
