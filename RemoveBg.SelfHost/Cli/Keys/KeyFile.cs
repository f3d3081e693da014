using System.Text.Json;
using System.Text.Json.Serialization;
using RemoveBg.Core.Access;
using RemoveBg.Core.Notify;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary>A file of <c>removebg keys export</c>. Every property may be missing in a damaged one.</summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="Version">Always 1.</param>
/// <param name="ExportedAt">For people.</param>
/// <param name="SealKey">Public key that the service sealed with, in base64; null before its first start.</param>
/// <param name="Keys">One per value: a key that is being rotated has several.</param>
/// <param name="WebhookSecrets">Sealed secrets of keys, and of deleted keys until their data is erased.</param>
internal sealed record KeyFile(string? Format, int? Version, DateTimeOffset? ExportedAt, string? SealKey,
    IReadOnlyList<KeyInFile?>? Keys, IReadOnlyList<SecretInFile?>? WebhookSecrets)
{
    public const string FormatName = "removebg-keys";

    public string ToJson() => JsonSerializer.Serialize(this, KeyFileJson.Default.KeyFile) + "\n";

    /// <param name="json">Content of a file.</param>
    /// <exception cref="UserException">It is damaged; the message names the field.</exception>
    public static KeyFile Parse(string json)
    {
        try
        {
            var file = JsonSerializer.Deserialize(json, KeyFileJson.Default.KeyFile);
            KeyFileCheck.Check(file);
            return file!;
        }
        catch (JsonException problem)
        {
            var field = problem.Path?.TrimStart('$').TrimStart('.');
            throw KeyFileCheck.Damaged(string.IsNullOrEmpty(field) ? $"line {problem.LineNumber + 1}" : field,
                "is not what 'keys export' writes there");
        }
    }
}

/// <summary>A value of an API key.</summary>
internal sealed record KeyInFile(string? Id, string? Name, string? Sha256, bool? IsEnabled, DateTimeOffset? ExpiresAt,
    IReadOnlyList<string?>? Scopes, int? RatePerMinute, int? Burst, int? ConcurrentJobs)
{
    public static KeyInFile Of(ApiKey key) => new(key.Id, key.Name, Convert.ToHexStringLower(key.Hash), key.IsEnabled,
        key.ExpiresAt, key.Scopes, key.RatePerMinute, key.Burst, key.ConcurrentJobs);

    /// <summary>Converts an entry of a checked file.</summary>
    public ApiKey ToKey() => new(Id!, Name!, Convert.FromHexString(Sha256!), IsEnabled!.Value, ExpiresAt,
        [.. Scopes!.Select(scope => scope!)], RatePerMinute!.Value, Burst!.Value, ConcurrentJobs!.Value);

    /// <summary>Whether both say the same of the key; its use does not count.</summary>
    public bool IsSameAs(KeyInFile other) => this with { Scopes = null } == other with { Scopes = null }
        && Scopes!.ToHashSet().SetEquals(other.Scopes!);
}

/// <summary>The webhook secrets of an API key, sealed.</summary>
internal sealed record SecretInFile(string? KeyId, string? Secret, string? Previous, DateTimeOffset? PreviousUntil)
{
    public static SecretInFile Of(SealedSecrets secrets) =>
        new(secrets.KeyId, secrets.Current, secrets.Previous, secrets.PreviousUntil);

    /// <summary>Converts an entry of a checked file.</summary>
    public SealedSecrets ToSecrets() => new(KeyId!, Secret!, Previous, PreviousUntil);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(KeyFile))]
internal sealed partial class KeyFileJson : JsonSerializerContext;
