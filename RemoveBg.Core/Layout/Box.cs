using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Layout;

/// <summary>A rectangle in whole pixels.</summary>
public readonly record struct Box(int Left, int Top, int Width, int Height)
{
    /// <summary>From this alpha on a pixel belongs to the subject's rectangle: fainter
    /// haze shall not widen it.</summary>
    private const uint Visible = 13;

    /// <summary>The smallest rectangle around everything that can be seen; null when nothing can.</summary>
    internal static Box? Around(Photo cutOut)
    {
        var columns = new bool[cutOut.Width];
        int top = -1, bottom = -1;
        for (var y = 0; y < cutOut.Height; y++)
        {
            var row = cutOut.Row(y);
            var any = false;
            for (var x = 0; x < row.Length; x++)
                if (row[x] >> 24 >= Visible) columns[x] = any = true;
            if (!any) continue;
            if (top < 0) top = y;
            bottom = y;
        }
        if (top < 0) return null;
        var left = Array.IndexOf(columns, true);
        return new(left, top, Array.LastIndexOf(columns, true) - left + 1, bottom - top + 1);
    }
}
