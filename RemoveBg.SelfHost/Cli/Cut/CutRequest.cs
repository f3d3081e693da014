namespace RemoveBg.SelfHost.Cli.Cut;

/// <summary>Parsed arguments of <c>removebg cut</c>.</summary>
internal sealed record CutRequest
{
    /// <summary>Files, folders, patterns, URLs, or <c>-</c> for standard input.</summary>
    public required IReadOnlyList<string> Photos { get; init; }

    /// <summary>A file, a folder, a pattern, or <c>-</c> for standard output; null for the current folder.</summary>
    public string? Output { get; init; }

    /// <summary>Given options of the API, by field.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether folders below a folder are searched too.</summary>
    public bool Recursive { get; init; }

    /// <summary>Whether to go on with photos that appear or change, until Ctrl-C.</summary>
    public bool Watch { get; init; }

    /// <summary>Whether photos with a result are left out.</summary>
    public bool SkipExisting { get; init; }

    /// <summary>Whether results may replace files.</summary>
    public bool Force { get; init; }

    /// <summary>Photos at once; 0 for as many as the cores and the memory allow.</summary>
    public int Jobs { get; init; }

    /// <summary>Whether to print one JSON line for each photo.</summary>
    public bool Json { get; init; }

    /// <summary>Whether to print errors only.</summary>
    public bool Quiet { get; init; }

    /// <summary>Whether the result gets the photo's EXIF data of interest.</summary>
    public bool KeepExif { get; init; }

    /// <summary>URL of a service that does the work; null does it in this process.</summary>
    public string? Server { get; init; }
}
