using System.Security.Cryptography;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Fuzz;

/// <summary>Kept inputs, a folder for each harness: some that are worth damaging, and all that ever showed a
/// fault.</summary>
internal static class Corpus
{
    private static readonly string Folder = Path.Combine(Repo.Root, "RemoveBg.Tests", "Fuzz", "Corpus");

    /// <summary>Kept inputs of all harnesses, as harness/name.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    public static IReadOnlyList<byte[]> Of(string harness) =>
        [.. All.Where(name => name.StartsWith(harness + "/", StringComparison.Ordinal)).Select(Read)];

    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    /// <summary>Writes an input to artifacts/fuzz.</summary>
    /// <returns>Its file, and how to keep it.</returns>
    public static string Write(string harness, string kind, byte[] input)
    {
        var name = $"{kind}-{Convert.ToHexStringLower(SHA256.HashData(input))[..8]}";
        var folder = Directory.CreateDirectory(Path.Combine(Repo.Root, "artifacts", "fuzz", harness)).FullName;
        File.WriteAllBytes(Path.Combine(folder, name), input);
        return $"artifacts/fuzz/{harness}/{name}\nTo run it on each push, keep it under a name that says what it is:\n"
            + $"  mkdir -p RemoveBg.Tests/Fuzz/Corpus/{harness}\n"
            + $"  cp artifacts/fuzz/{harness}/{name} RemoveBg.Tests/Fuzz/Corpus/{harness}/NAME";
    }
}
