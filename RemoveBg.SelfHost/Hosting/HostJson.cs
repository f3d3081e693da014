using System.Text.Json;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>The settings of host.json that this host uses, with the meaning that they have on the Functions
/// host.</summary>
internal sealed record HostJson(
    string RoutePrefix, int BatchSize, int NewBatchThreshold, int MaxDequeueCount, TimeSpan VisibilityTimeout,
        TimeSpan MaxPollingInterval)
{
    /// <exception cref="InvalidDataException">A value is invalid, also on the Functions host.</exception>
    public static HostJson Read(string path)
    {
        using var document =
            JsonDocument.Parse(File.ReadAllText(path), new() { CommentHandling = JsonCommentHandling.Skip });
        var extensions = Section(document.RootElement, "extensions");
        var (http, queues) = (Section(extensions, "http"), Section(extensions, "queues"));
        var settings = new HostJson(
            http is { } h && h.TryGetProperty("routePrefix", out var prefix) ? prefix.GetString()! : "api",
            Number("batchSize", 16),
            Number("newBatchThreshold", Number("batchSize", 16) / 2),
            Number("maxDequeueCount", 5),
            Time("visibilityTimeout", TimeSpan.Zero),
            Time("maxPollingInterval", TimeSpan.FromMinutes(1)));
        if (settings.BatchSize is < 1 or > 32)
            throw new InvalidDataException($"{path}: extensions.queues.batchSize must be 1 to 32.");
        // With base64, the host loses messages that are not base64; the functions decode messages themselves.
        if (queues is not { } all || !all.TryGetProperty("messageEncoding", out var encoding)
            || encoding.GetString() != "none")
            throw new InvalidDataException($"{path}: extensions.queues.messageEncoding must be none.");
        if (settings.MaxDequeueCount < 1)
            throw new InvalidDataException($"{path}: extensions.queues.maxDequeueCount must be at least 1.");
        return settings;

        int Number(string name, int otherwise) =>
            queues is { } q && q.TryGetProperty(name, out var value) ? value.GetInt32() : otherwise;

        TimeSpan Time(string name, TimeSpan otherwise) => queues is { } q && q.TryGetProperty(name, out var value)
            ? TimeSpan.Parse(value.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : otherwise;
    }

    private static JsonElement? Section(JsonElement? parent, string name) =>
        parent is { } element && element.TryGetProperty(name, out var section) ? section : null;
}
