using System.Diagnostics;
using System.Text.Json;

namespace RemoveBg.Tests.Given;

/// <summary>The names in a query.</summary>
/// <param name="Diagnostics">What the parser says against it: a syntax error, an unknown table, column or
/// function.</param>
/// <param name="Tables">Tables that it reads.</param>
/// <param name="Used">Columns that it reads, its own ones too.</param>
/// <param name="Metrics">Values that the column Name is compared with.</param>
/// <param name="Keys">Keys of the column Properties.</param>
/// <param name="Values">Key (or column) and text that are compared.</param>
/// <param name="Columns">Name and type of each column of its result.</param>
internal sealed record KustoQuery(IReadOnlyList<string> Diagnostics, IReadOnlyList<string> Tables,
    IReadOnlyList<string> Used, IReadOnlyList<string> Metrics, IReadOnlyList<string> Keys,
    IReadOnlyList<IReadOnlyList<string>> Values, IReadOnlyDictionary<string, string> Columns);

/// <summary>Microsoft's parser of Kusto, in the version that eng/kusto pins.</summary>
internal static class KustoParser
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly string Folder = Path.Combine(Repo.Root, "eng", "kusto");

    /// <param name="tables">Each table's schema, like <c>(Name: string, Sum: real)</c>.</param>
    /// <param name="queries">The queries.</param>
    /// <returns>What each query names, in their order.</returns>
    public static async Task<IReadOnlyList<KustoQuery>> ReadAsync(IReadOnlyDictionary<string, string> tables,
        IReadOnlyList<string> queries)
    {
        Assert.That(Path.Combine(Folder, "node_modules"), Does.Exist, "the parser of eng/kusto is installed by ./test");
        var start = new ProcessStartInfo("node", ["read-queries.mjs"])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var node = Process.Start(start)!;
        var (output, errors) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        await node.StandardInput.WriteAsync(JsonSerializer.Serialize(new { tables, queries }));
        node.StandardInput.Close();
        await node.WaitForExitAsync().WaitAsync(Limit);
        Assert.That(node.ExitCode, Is.Zero, await errors);
        return JsonSerializer.Deserialize<List<KustoQuery>>(await output, JsonSerializerOptions.Web)!;
    }
}
