using System.Diagnostics.CodeAnalysis;
using RemoveBg.Core.Access;

namespace RemoveBg.SelfHost.Cli.Keys;

/// <summary>Checks a file of keys before anything of it is used.</summary>
internal static class KeyFileCheck
{
    private const int HashDigits = 64, LongestText = 100;

    /// <summary>Characters of a sealed secret; a table's property takes 32,768.</summary>
    private const int LongestSecret = 4096;

    /// <summary>Earlier times are typing errors; tables begin in 1601.</summary>
    private const int EarliestYear = 2000;

    /// <exception cref="UserException">The file is damaged; the message names the field and what belongs
    /// there.</exception>
    public static void Check([NotNull] KeyFile? file)
    {
        if (file is null) throw Damaged("the file", "is empty");
        Require(file.Format == KeyFile.FormatName, "format", $"must be {KeyFile.FormatName}");
        Require(file.Version == 1, "version", "must be 1: a later version of removebg wrote the file");
        Require(file.SealKey is null || IsBase64(file.SealKey), "sealKey", "must be base64");
        Require(file.Keys is not null, "keys", "is missing");
        Require(file.WebhookSecrets is not null, "webhookSecrets", "is missing");
        var seen = new Dictionary<string, string>();
        foreach (var (key, number) in file.Keys!.Select((key, number) => (key, number)))
        {
            Check(key, $"keys[{number}]");
            Unique(seen, key!.Sha256!, $"keys[{number}].sha256");
        }
        foreach (var (secret, number) in file.WebhookSecrets!.Select((secret, number) => (secret, number)))
        {
            Check(secret, $"webhookSecrets[{number}]");
            Unique(seen, secret!.KeyId!, $"webhookSecrets[{number}].keyId");
        }
    }

    public static UserException Damaged(string field, string problem) =>
        new($"The file of keys is damaged: {field} {problem}. Nothing was imported.");

    private static void Check(KeyInFile? key, string at)
    {
        Require(key is not null, at, "is missing");
        Require(IsId(key!.Id), $"{at}.id", "must be an id like key_0123456789ab");
        Require(IsText(key.Name), $"{at}.name", $"must have 1 to {LongestText} printable characters");
        Require(key.Sha256 is { Length: HashDigits } hash && hash.All(char.IsAsciiHexDigitLower), $"{at}.sha256",
            $"must have {HashDigits} hexadecimal digits, in lower case");
        Require(key.IsEnabled is not null, $"{at}.isEnabled", "must be true or false");
        Require(key.Scopes is { Count: > 0 } && key.Scopes.All(Scopes.All.Contains!), $"{at}.scopes",
            $"must be a list of {string.Join(" and ", Scopes.All)}, or one of them");
        Require(key.ExpiresAt is null || key.ExpiresAt.Value.Year >= EarliestYear, $"{at}.expiresAt",
            $"must be a time from the year {EarliestYear}, or null");
        Require(key.RatePerMinute > 0, $"{at}.ratePerMinute", "must be a whole number from 1");
        Require(key.Burst > 0, $"{at}.burst", "must be a whole number from 1");
        Require(key.ConcurrentJobs > 0, $"{at}.concurrentJobs", "must be a whole number from 1");
    }

    private static void Check(SecretInFile? secret, string at)
    {
        Require(secret is not null, at, "is missing");
        Require(IsId(secret!.KeyId), $"{at}.keyId", "must be an id like key_0123456789ab");
        Require(IsBase64(secret.Secret), $"{at}.secret", "must be a sealed secret, in base64");
        Require(secret.Previous is null || IsBase64(secret.Previous), $"{at}.previous",
            "must be a sealed secret, in base64");
        Require(secret.Previous is null || secret.PreviousUntil is not null, $"{at}.previousUntil",
            "is missing: the secret before this one signs until then");
    }

    private static void Require(bool isMet, string field, string problem)
    {
        if (!isMet) throw Damaged(field, problem);
    }

    private static void Unique(Dictionary<string, string> seen, string value, string field)
    {
        if (!seen.TryAdd(value, field)) throw Damaged(field, $"repeats {seen[value]}");
    }

    /// <summary>Ids are row keys.</summary>
    private static bool IsId([NotNullWhen(true)] string? text) =>
        IsText(text) && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-');

    private static bool IsText([NotNullWhen(true)] string? text) =>
        !string.IsNullOrWhiteSpace(text) && text.Length <= LongestText && !text.Any(char.IsControl);

    private static bool IsBase64([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= LongestSecret } && System.Buffers.Text.Base64.IsValid(text);
}
