using System.IO.Compression;

namespace RemoveBg.Package;

/// <summary>Zips a folder so that the same files give the same bytes: in the order of their names, with fixed times and
/// permissions.</summary>
internal static class Zip
{
    /// <summary>The earliest time that a zip can state.</summary>
    private static readonly DateTimeOffset Time = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A regular file, rw-r--r--, where Info-ZIP keeps Unix modes.</summary>
    private const int Mode = unchecked((int)(0b1000_000_110_100_100u << 16));

    public static void Write(string folder, string zipFile)
    {
        using var zip = new ZipArchive(File.Create(zipFile), ZipArchiveMode.Create);
        foreach (var file in Published.Files(folder).Append(Published.SbomFile).Append(Published.NoticesFile)
            .Order(StringComparer.Ordinal))
        {
            var entry = zip.CreateEntry(file, CompressionLevel.Optimal);
            (entry.LastWriteTime, entry.ExternalAttributes) = (Time, Mode);
            using var content = File.OpenRead(Path.Combine(folder, file));
            using var stream = entry.Open();
            content.CopyTo(stream);
        }
    }
}
