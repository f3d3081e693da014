using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;

namespace RemoveBg.SelfHost.Cli.Cut.Engines;

/// <summary>Checked options of a cut, the same for all photos.</summary>
/// <param name="Options">As the API has them.</param>
/// <param name="Format">Format of the results.</param>
/// <param name="BackgroundFile">The image behind the subject, if it is a file or a data URI.</param>
internal sealed record CutSettings(CutOutOptions Options, OutputFormat Format, ReadOnlyMemory<byte>? BackgroundFile)
{
    public bool HasImageBehind => Options.Background is Background.ImageUrl or Background.StoredImage;
}
