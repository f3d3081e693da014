using RemoveBg.Core.Layout;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>A finished cut-out.</summary>
/// <param name="Model">Name of the network that made the mask; in a cascade, of the one that ran last.</param>
/// <param name="Confidence">That network's confidence, from 0 (all haze) to 1 (no uncertainty); see
/// <see cref="Uncertainty"/>.</param>
/// <param name="Subject">Rectangle of the subject in the result; null if none was found or requested.</param>
/// <param name="Steps">Name and duration of each step, in order.</param>
public sealed record CutOutResult(
    int Width, int Height, string ContentType, string Model, double Confidence, Box? Subject,
        IReadOnlyList<(string Name, TimeSpan Time)> Steps);
