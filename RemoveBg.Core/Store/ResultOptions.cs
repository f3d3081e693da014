using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Store;

/// <summary>Settings <c>RemoveBg:Results</c>.</summary>
public sealed class ResultOptions
{
    public const string Section = "RemoveBg:Results";

    /// <summary>Lifetime of a signed result URL. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan UrlLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Retention of results and stored inputs. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Retention of records, for late webhook attempts and queries. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "3650.00:00:00")]
    public TimeSpan RecordRetention { get; set; } = TimeSpan.FromDays(7);
}
