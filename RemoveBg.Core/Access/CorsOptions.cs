using System.ComponentModel.DataAnnotations;

namespace RemoveBg.Core.Access;

/// <summary>Settings <c>RemoveBg:Cors</c>: web pages of other origins that may call the service (WHATWG
/// Fetch).</summary>
public sealed class CorsOptions : IValidatableObject
{
    public const string Section = "RemoveBg:Cors";

    public const string OriginsSetting = $"{Section}:{nameof(Origins)}";

    /// <summary>Response headers that such a page may read.</summary>
    public const string ExposedHeaders = "Location, Operation-Location, Retry-After, RateLimit, RateLimit-Policy, "
        + "RemoveBg-Confidence, traceparent, WWW-Authenticate, X-Type, X-Width, X-Height, X-RateLimit-Limit, "
        + "X-RateLimit-Remaining, X-RateLimit-Reset";

    /// <summary>Origins like <c>https://app.example.com</c>, separated by spaces or commas. Default: none. <c>*</c> is
    /// refused, because calls carry API keys.</summary>
    public string Origins { get; set; } = "";

    /// <summary>The origins, each once.</summary>
    public IReadOnlyList<string> List => [.. Origins.Split([' ', ','],
        StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var origin in List)
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
                || uri.GetLeftPart(UriPartial.Authority) != origin)
                yield return new($"{OriginsSetting} has '{origin}', which is no origin: it must be like "
                    + "https://app.example.com, in lower case, without a path or a slash at the end.");
    }
}
