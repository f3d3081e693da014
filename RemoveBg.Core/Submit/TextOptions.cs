using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;

namespace RemoveBg.Core.Submit;

/// <summary>Options that were given as text, without a photo.</summary>
/// <param name="Options">Layout, background and the like.</param>
/// <param name="Format">File format of the result.</param>
/// <param name="Background">The image behind the subject, if it came with the options.</param>
public sealed record TextOptions(CutOutOptions Options, OutputFormat Format, InlineImage? Background);
