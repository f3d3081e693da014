using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Store;

/// <summary>Settings <c>RemoveBg:Results</c>.</summary>
public sealed class ResultOptions : IValidatableObject
{
    public const string Section = "RemoveBg:Results";

    /// <summary>Lifetime of a signed result URL. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan UrlLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The service's own address, like <c>https://removebg.example.com</c>: results get signed URLs there, for
    /// a storage account that callers cannot reach. Empty: they get signed URLs of storage.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>Retention of results and stored inputs. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Retention of records, for late webhook attempts and queries. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "3650.00:00:00")]
    public TimeSpan RecordRetention { get; set; } = TimeSpan.FromDays(7);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl.Length > 0 && !(Uri.TryCreate(PublicUrl, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || url is { IsLoopback: true, Scheme: "http" })
            && url.Query.Length + url.Fragment.Length + url.UserInfo.Length == 0))
            yield return new($"{Section}:{nameof(PublicUrl)} must be an https address without query, like "
                + "https://removebg.example.com.", [nameof(PublicUrl)]);
    }
}
