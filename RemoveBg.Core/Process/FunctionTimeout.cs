using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace RemoveBg.Core.Process;

/// <summary>Time limit that the host sets for a function.</summary>
/// <param name="Limit">Null if there is none.</param>
public sealed record FunctionTimeout(TimeSpan? Limit)
{
    /// <summary>App setting that overrides host.json, as on the Functions host.</summary>
    internal const string Override = "AzureFunctionsJobHost:functionTimeout";

    /// <summary>The shortest default of a hosting plan (Consumption).</summary>
    internal static readonly TimeSpan ShortestDefault = TimeSpan.FromMinutes(5);

    /// <summary>Part of the limit that is left for storage calls around the work.</summary>
    internal static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    /// <summary>Reads <c>functionTimeout</c> from the configuration or from host.json.</summary>
    /// <param name="folder">Folder of the app, in which host.json is stored.</param>
    /// <exception cref="InvalidDataException">The value is not a time.</exception>
    public static FunctionTimeout Read(IConfiguration configuration, string folder)
    {
        var text = configuration[Override] ?? FromHostJson(Path.Combine(folder, "host.json"));
        if (text is null) return new(ShortestDefault);
        // On the Functions host, "-1" means no limit.
        if (text == "-1") return new((TimeSpan?)null);
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var limit) && limit > TimeSpan.Zero
            ? new(limit)
            : throw new InvalidDataException(
                $"functionTimeout must be a time such as 00:05:00, or -1; it is '{text}'.");
    }

    private static string? FromHostJson(string path)
    {
        if (!File.Exists(path)) return null;
        var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip };
        using var document = JsonDocument.Parse(File.ReadAllText(path), options);
        return document.RootElement.TryGetProperty("functionTimeout", out var value) ? value.ToString() : null;
    }

    /// <summary>Fails startup when the host would end a job before the job's own limits do.</summary>
    internal sealed class Check(FunctionTimeout host) : IValidateOptions<ProcessOptions>
    {
        public ValidateOptionsResult Validate(string? name, ProcessOptions options)
        {
            if (host.Limit is not { } limit || options.Deadline + options.SlotWait + Margin <= limit)
                return ValidateOptionsResult.Success;
            return ValidateOptionsResult.Fail(
                $"{ProcessOptions.Section}:{nameof(options.Deadline)} ({options.Deadline}) plus " +
                $"{nameof(options.SlotWait)} ({options.SlotWait}) plus {Margin.TotalSeconds:0} s must not exceed " +
                $"functionTimeout ({limit}), or the host ends jobs first. Lower one of them or raise functionTimeout.");
        }
    }
}
