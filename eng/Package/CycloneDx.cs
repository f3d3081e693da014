using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RemoveBg.Package;

/// <summary>Writes an SBOM in CycloneDX 1.6 (ECMA-424).</summary>
internal static class CycloneDx
{
    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(Options options, IReadOnlyList<Component> components)
    {
        var root = $"pkg:generic/{options.Name}@{options.Version}";
        var needed = components.SelectMany(component => component.Needs).ToHashSet();
        var sbom = new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["component"] = new JsonObject
                {
                    ["type"] = "application",
                    ["bom-ref"] = root,
                    ["name"] = options.Name,
                    ["version"] = options.Version,
                    ["licenses"] = Licences(new("MIT")),
                    ["purl"] = root,
                },
            },
            ["components"] = new JsonArray([.. components.Select(component => Of(component, parent: null))]),
            ["dependencies"] = new JsonArray(
            [
                Dependency(root, components.Select(component => component.Reference)
                    .Where(reference => !needed.Contains(reference))),
                .. components.Select(component => Dependency(component.Reference, component.Needs)),
            ]),
        };

        // CycloneDX wants a UUID of its own for each SBOM; the same content has the same one.
        var id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(sbom.ToJsonString())).AsSpan(0, 16), bigEndian: true)
            .ToString("D").ToCharArray();
        // Version 8 and the variant of RFC 9562, section 5.8.
        (id[14], id[19]) = ('8', '8');
        sbom.Insert(3, "serialNumber", $"urn:uuid:{new string(id)}");
        return sbom.ToJsonString(Readable) + "\n";
    }

    private static JsonObject Of(Component component, string? parent)
    {
        var written = new JsonObject
        {
            ["type"] = component.Type,
            ["bom-ref"] = parent is null ? component.Reference : $"{parent}#{component.Reference}",
            ["name"] = component.Name,
            ["version"] = component.Version,
        };
        if (component.Hash is { } hash) written["hashes"] =
            new JsonArray(new JsonObject { ["alg"] = hash.Algorithm, ["content"] = hash.Value });
        written["licenses"] = Licences(component.Licence);
        if (component.Copyright is { Length: > 0 } copyright) written["copyright"] = copyright;
        if (component.Reference.StartsWith("pkg:", StringComparison.Ordinal)) written["purl"] = component.Reference;
        if (component.Address is { Length: > 0 } address) written["externalReferences"] =
            new JsonArray(new JsonObject { ["type"] = "website", ["url"] = address });
        if (component.Parts.Count > 0) written["components"] =
            new JsonArray([.. component.Parts.Select(part => Of(part, component.Reference))]);
        if (component.Files.Count > 0) written["evidence"] = new JsonObject
        {
            ["occurrences"] =
                new JsonArray([.. component.Files.Select(file => new JsonObject { ["location"] = file })]),
        };
        return written;
    }

    private static JsonArray Licences(Licence licence) => new(
        !licence.IsSpdx ? new JsonObject { ["license"] = new JsonObject { ["name"] = licence.Text } }
        : licence.Text.Contains(' ') ? new JsonObject { ["expression"] = licence.Text }
        : new JsonObject { ["license"] = new JsonObject { ["id"] = licence.Text } });

    private static JsonObject Dependency(string reference, IEnumerable<string> needs) => new()
    {
        ["ref"] = reference,
        ["dependsOn"] = new JsonArray([.. needs.Select(need => JsonValue.Create(need))]),
    };
}
