using RemoveBg.Core.Layout;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>A finished cut-out.</summary>
/// <param name="Model">The network that made the matte; in a cascade the one that had the last word.</param>
/// <param name="Confidence">From 0 (all haze) to 1 (no doubt), of that network about itself:
/// see <see cref="Uncertainty"/>.</param>
/// <param name="Subject">The rectangle in the result in which the subject is; null when there is none.</param>
/// <param name="Steps">Name and time of each step, in order.</param>
public sealed record CutOutResult(
    int Width, int Height, string ContentType, string Model, double Confidence, Box? Subject,
        IReadOnlyList<(string Name, TimeSpan Time)> Steps);
