namespace RemoveBg.Package;

/// <summary>A licence.</summary>
/// <param name="Text">SPDX expression, or a name if <paramref name="IsSpdx"/> is false.</param>
/// <param name="IsSpdx">Whether the text is an SPDX expression.</param>
internal sealed record Licence(string Text, bool IsSpdx = true);

/// <summary>A part of what is published.</summary>
/// <param name="Type">Type of CycloneDX.</param>
/// <param name="Name">Name.</param>
/// <param name="Version">Version.</param>
/// <param name="Reference">Package URL (purl), or another text that is unique in the SBOM.</param>
/// <param name="Licence">Licence.</param>
internal sealed record Component(string Type, string Name, string Version, string Reference, Licence Licence)
{
    /// <summary>Algorithm and value in hex; null where there is no single file.</summary>
    public (string Algorithm, string Value)? Hash { get; init; }

    public string? Copyright { get; init; }

    public string? Address { get; init; }

    /// <summary>Files of the published folder that come from it.</summary>
    public SortedSet<string> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>References of the components that it needs.</summary>
    public SortedSet<string> Needs { get; } = new(StringComparer.Ordinal);

    /// <summary>Components inside its files.</summary>
    public IReadOnlyList<Component> Parts { get; init; } = [];

    /// <summary>Licences and notices that come with it: the files' contents.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];
}
