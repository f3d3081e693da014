using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Store;

/// <summary>Settings <c>RemoveBg:Results</c>.</summary>
public sealed class ResultOptions
{
    public const string Section = "RemoveBg:Results";

    /// <summary>How long a signed result URL works. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan UrlLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long results and stored inputs are kept. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long the records are kept, so that late webhook attempts and questions
    /// find them. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "3650.00:00:00")]
    public TimeSpan RecordRetention { get; set; } = TimeSpan.FromDays(7);
}
