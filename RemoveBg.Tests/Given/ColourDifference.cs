namespace RemoveBg.Tests.Given;

/// <summary>CIEDE2000 (CIE 142-2001) between sRGB colours, after Sharma, Wu and Dalal, "The CIEDE2000
/// Color-Difference Formula", 2005.</summary>
internal static class ColourDifference
{
    public static double Between((byte R, byte G, byte B) first, (byte R, byte G, byte B) second) =>
        Between(Lab(first), Lab(second));

    public static double Between((double L, double A, double B) first, (double L, double A, double B) second)
    {
        var chroma = (Math.Sqrt(first.A * first.A + first.B * first.B)
            + Math.Sqrt(second.A * second.A + second.B * second.B)) / 2;
        var g = 0.5 * (1 - Math.Sqrt(Math.Pow(chroma, 7) / (Math.Pow(chroma, 7) + Math.Pow(25, 7))));
        var (a1, a2) = (first.A * (1 + g), second.A * (1 + g));
        var (c1, c2) = (Math.Sqrt(a1 * a1 + first.B * first.B), Math.Sqrt(a2 * a2 + second.B * second.B));
        var (h1, h2) = (Hue(a1, first.B), Hue(a2, second.B));

        var dL = second.L - first.L;
        var dC = c2 - c1;
        var turn = c1 * c2 == 0 ? 0 : h2 - h1 > 180 ? h2 - h1 - 360 : h2 - h1 < -180 ? h2 - h1 + 360 : h2 - h1;
        var dH = 2 * Math.Sqrt(c1 * c2) * Math.Sin(Radians(turn / 2));

        var (l, c) = ((first.L + second.L) / 2, (c1 + c2) / 2);
        var h = c1 * c2 == 0 ? h1 + h2
            : Math.Abs(h1 - h2) <= 180 ? (h1 + h2) / 2 : h1 + h2 < 360 ? (h1 + h2 + 360) / 2 : (h1 + h2 - 360) / 2;
        var t = 1 - 0.17 * Math.Cos(Radians(h - 30)) + 0.24 * Math.Cos(Radians(2 * h))
            + 0.32 * Math.Cos(Radians(3 * h + 6)) - 0.20 * Math.Cos(Radians(4 * h - 63));
        var rotation = -2 * Math.Sqrt(Math.Pow(c, 7) / (Math.Pow(c, 7) + Math.Pow(25, 7)))
            * Math.Sin(Radians(60 * Math.Exp(-Math.Pow((h - 275) / 25, 2))));
        var sL = 1 + 0.015 * Math.Pow(l - 50, 2) / Math.Sqrt(20 + Math.Pow(l - 50, 2));
        var (sC, sH) = (1 + 0.045 * c, 1 + 0.015 * c * t);
        return Math.Sqrt(Math.Pow(dL / sL, 2) + Math.Pow(dC / sC, 2) + Math.Pow(dH / sH, 2)
            + rotation * (dC / sC) * (dH / sH));
    }

    private static double Hue(double a, double b) =>
        a == 0 && b == 0 ? 0 : (Math.Atan2(b, a) * 180 / Math.PI + 360) % 360;

    private static double Radians(double degrees) => degrees * Math.PI / 180;

    /// <summary>CIELAB of D65.</summary>
    private static (double L, double A, double B) Lab((byte R, byte G, byte B) colour)
    {
        var (r, g, b) = (Linear(colour.R), Linear(colour.G), Linear(colour.B));
        var x = F((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
        var y = F(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
        var z = F((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
        return (116 * y - 16, 500 * (x - y), 200 * (y - z));

        static double Linear(byte value) =>
            value / 255.0 is var v && v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4);
        static double F(double t) => t > 216.0 / 24389 ? Math.Cbrt(t) : (24389.0 / 27 * t + 16) / 116;
    }
}
