using Azure;
using Azure.Data.Tables;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;

namespace RemoveBg.Core.Store;

/// <summary>Maps artworks to table rows. Property names are stored format: add, never rename.</summary>
internal static class ArtworkEntity
{
    public static TableEntity From(Artwork artwork, string partition, string row)
    {
        var entity = new TableEntity(partition, row)
        {
            ["KeyId"] = artwork.KeyId,
            ["ConcurrentJobs"] = artwork.ConcurrentJobs,
            ["ImageUrl"] = artwork.ImageUrl,
            ["OutputFormat"] = artwork.OutputFormat.Word(),
            ["CreatedAt"] = artwork.CreatedAt,
            ["Status"] = artwork.Status.Word(),
            ["HasStoredInput"] = artwork.HasStoredInput,
            ["Attempt"] = artwork.Attempt,
            ["HandBacks"] = artwork.HandBacks,
            ["WebhookStatus"] = artwork.Delivery.Status.ToString(),
            ["WebhookAttempts"] = artwork.Delivery.Attempts,
            ["WebhookRoundStart"] = artwork.Delivery.RoundStart,
        };
        Put("Webhook", artwork.Webhook);
        Put("Options", artwork.Options?.ToJson());
        Put("IdempotencyRow", artwork.IdempotencyRow);
        Put("Subject", artwork.Subject?.ToText());
        Put("LeaseOwner", artwork.LeaseOwner);
        Put("LeaseUntil", artwork.LeaseUntil);
        Put("StartedAt", artwork.StartedAt);
        Put("TraceParent", artwork.TraceParent);
        Put("EndedAt", artwork.EndedAt);
        Put("FailureCode", artwork.Failure?.Code);
        Put("FailureMessage", artwork.Failure?.Message);
        Put("ResultContentType", artwork.ResultContentType);
        Put("Confidence", artwork.Confidence);
        Put("WebhookRoundStartedAt", artwork.Delivery.RoundStartedAt);
        Put("WebhookNextAttemptAt", artwork.Delivery.NextAttemptAt);
        Put("WebhookLeaseUntil", artwork.Delivery.LeaseUntil);
        Put("DueAt", artwork.DueAt);
        Put("DueRow", artwork.DueRow);
        return entity;

        void Put(string name, object? value)
        {
            if (value is not null) entity[name] = value;
        }
    }

    public static Artwork Read(TableEntity entity, Guid id, ETag etag)
    {
        if (!OutputFormats.TryParse(entity.GetString("OutputFormat"), out var format)
            || !ArtworkStatuses.TryParse(entity.GetString("Status"), out var status))
            throw new InvalidDataException(
                $"Artwork {id}: its record has an unknown status or output format; was it written by a newer version?");
        return new()
        {
            Id = id,
            KeyId = entity.GetString("KeyId"),
            ConcurrentJobs = entity.GetInt32("ConcurrentJobs") ?? Access.ApiKey.DefaultConcurrentJobs,
            ImageUrl = entity.GetString("ImageUrl"),
            Webhook = entity.GetString("Webhook"),
            OutputFormat = format,
            Options = entity.GetString("Options") is { } options ? CutOutOptions.Parse(options) : null,
            Subject = entity.GetString("Subject") is { } subject ? SubjectPlace.Parse(subject) : null,
            CreatedAt = entity.GetDateTimeOffset("CreatedAt")!.Value,
            Status = status,
            IdempotencyRow = entity.GetString("IdempotencyRow"),
            HasStoredInput = entity.GetBoolean("HasStoredInput") ?? false,
            Attempt = entity.GetInt32("Attempt") ?? 0,
            HandBacks = entity.GetInt32("HandBacks") ?? 0,
            LeaseOwner = entity.GetString("LeaseOwner"),
            LeaseUntil = entity.GetDateTimeOffset("LeaseUntil"),
            StartedAt = entity.GetDateTimeOffset("StartedAt"),
            TraceParent = entity.GetString("TraceParent"),
            EndedAt = entity.GetDateTimeOffset("EndedAt"),
            Failure = entity.GetString("FailureCode") is { } code ? new(code, entity.GetString("FailureMessage") ?? "")
                : null,
            ResultContentType = entity.GetString("ResultContentType"),
            Confidence = entity.GetDouble("Confidence"),
            Delivery = new(
                Enum.TryParse<WebhookStatus>(entity.GetString("WebhookStatus"), out var delivery) ? delivery
                    : WebhookStatus.None,
                entity.GetInt32("WebhookAttempts") ?? 0,
                entity.GetInt32("WebhookRoundStart") ?? 0,
                entity.GetDateTimeOffset("WebhookRoundStartedAt"),
                entity.GetDateTimeOffset("WebhookNextAttemptAt"),
                entity.GetDateTimeOffset("WebhookLeaseUntil")),
            DueAt = entity.GetDateTimeOffset("DueAt"),
            // Earlier versions wrote none, and gave the row this name.
            DueRow = entity.GetString("DueRow") ?? (entity.ContainsKey("DueAt") ? $"due_{id:N}" : null),
            ETag = etag,
        };
    }

    public static TableEntity From(WebhookDelivery delivery, string partition, string row)
    {
        var entity = new TableEntity(partition, row)
        {
            ["Number"] = delivery.Number,
            ["At"] = delivery.At,
            ["Outcome"] = delivery.Outcome,
            ["DurationMs"] = delivery.Duration.TotalMilliseconds,
        };
        if (delivery.StatusCode is { } status) entity["StatusCode"] = status;
        if (delivery.NextAttemptAt is { } next) entity["NextAttemptAt"] = next;
        return entity;
    }

    public static WebhookDelivery ReadDelivery(TableEntity entity) => new(
        entity.GetInt32("Number")!.Value,
        entity.GetDateTimeOffset("At")!.Value,
        entity.GetInt32("StatusCode"),
        entity.GetString("Outcome"),
        TimeSpan.FromMilliseconds(entity.GetDouble("DurationMs") ?? 0),
        entity.GetDateTimeOffset("NextAttemptAt"));
}
