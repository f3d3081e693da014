using System.Text.RegularExpressions;

namespace RemoveBg.Core.Segmentation;

/// <summary>A network's entry in <c>models/manifest.json</c>, or in a user's manifest.</summary>
/// <param name="Rank">Quality rank, higher is better; <c>auto</c> selects the highest present. 0 for a network that is
/// only selected by its name.</param>
/// <param name="Address">Download URL; null for the shipped network.</param>
/// <param name="Digests">Accepted digests, <c>sha256:…</c>. A file with another one is refused.</param>
/// <param name="Input">Name of the input tensor, 1×3×Height×Width; null for the first.</param>
/// <param name="Output">Name of the output tensor, 1×1×Height×Width; null for the first.</param>
/// <param name="Size">Side of a square input, in samples. With <paramref name="MultipleOf"/>, its longer side. Null if
/// the file says it, or for <paramref name="Width"/> and <paramref name="Height"/>.</param>
/// <param name="Mean">Mean of R, G, B after division by 255, subtracted from the input.</param>
/// <param name="Std">Standard deviation of R, G, B, by which the input is then divided.</param>
/// <param name="Activation"><c>none</c> if the output is alpha in [0, 1]; <c>sigmoid</c> if it needs a sigmoid.</param>
/// <param name="TestTimeAugmentation">False for a network that runs once: never on the mirror image or on the padded
/// photo, whatever the settings allow. models/MODEL_CARD.md has the figures for ours.</param>
/// <param name="Width">Width of an input that is not square, in samples.</param>
/// <param name="Height">Height of an input that is not square, in samples.</param>
/// <param name="MultipleOf">For a network of any input size: the input keeps the photo's aspect ratio, its longer side
/// is <paramref name="Size"/> and its shorter one a multiple of this. Null for a fixed input.</param>
/// <param name="Smallest">Least shorter side, with <paramref name="MultipleOf"/>; null for one multiple.</param>
public sealed partial record ModelEntry(
    string Name, int Rank, string File, string About, string? Address, IReadOnlyList<string> Digests, string Licence,
    string? Input, string? Output, int? Size, IReadOnlyList<float> Mean, IReadOnlyList<float> Std, string Activation,
        bool TestTimeAugmentation = true, int? Width = null, int? Height = null, int? MultipleOf = null,
        int? Smallest = null)
{
    private const int LeastSide = 16, MostSide = 4096;

    /// <summary>Lists the problems of this entry; each names the field, the rule and an example.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Name is null || !NamePattern().IsMatch(Name))
            yield return "name must have lower-case letters, digits, '-', '_' and '.', like my-network";
        if (File is null || !FilePattern().IsMatch(File))
            yield return "file must be the name of an ONNX file in the manifest's folder, like my-network.onnx";
        if (Digests is not { Count: > 0 } || Digests.Any(digest => digest is null || !DigestPattern().IsMatch(digest)))
            yield return "digests must list the file's SHA-256 (sha256sum FILE), like [\"sha256:0123…cdef\"]";
        if (string.IsNullOrWhiteSpace(Licence)) yield return "licence must name the weights' licence, like MIT";
        if (Mean is not { Count: 3 }) yield return "mean must have three numbers, like [0.485, 0.456, 0.406]";
        if (Std is not { Count: 3 } || Std.Any(value => !(value > 0)))
            yield return "std must have three numbers above 0, like [0.229, 0.224, 0.225]";
        if (Activation is not ("none" or "sigmoid"))
            yield return "activation must be none (the output is alpha from 0 to 1) or sigmoid";
        if (Address is not null && !(Uri.TryCreate(Address, UriKind.Absolute, out var uri) && uri.Scheme == "https"))
            yield return "address must be an https URL";
        foreach (var problem in SizeProblems()) yield return problem;
    }

    private IEnumerable<string> SizeProblems()
    {
        foreach (var (name, side) in new[] { ("size", Size), ("width", Width), ("height", Height),
            ("smallest", Smallest) })
            if (side is < LeastSide or > MostSide)
                yield return $"{name} must be a number of samples from {LeastSide} to {MostSide:N0}, like 1024";
        if (Width is null != Height is null || Width is not null && Size is not null)
            yield return "width and height must be given together and without size, like 1440 and 2560";
        if (Smallest is not null && MultipleOf is null) yield return "smallest needs multipleOf";
        if (MultipleOf is not { } multiple) yield break;
        if (multiple < 1 || Size is not { } longest || longest % multiple != 0 || (Smallest ?? multiple) % multiple != 0
            || (Smallest ?? multiple) > longest)
            yield return "multipleOf must divide size, the longer side of the input, and smallest, like 32 and 1024";
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,63}$")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$")]
    private static partial Regex FilePattern();

    [GeneratedRegex("^sha256:[0-9a-f]{64}$")]
    private static partial Regex DigestPattern();
}
