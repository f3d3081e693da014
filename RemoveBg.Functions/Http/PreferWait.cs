using System.Globalization;
using Microsoft.AspNetCore.Http;
using RemoveBg.Core;

namespace RemoveBg.Functions.Http;

/// <summary>Reads <c>Prefer: wait=N</c> (RFC 7240, section 4.3), by which a caller waits up to N seconds for the
/// result.</summary>
public static class PreferWait
{
    public const int Longest = 60;

    /// <returns>Null without this preference. Others are ignored, as the RFC requires.</returns>
    /// <exception cref="ApiException">400: the wait is not a whole number from 1 to 60.</exception>
    public static TimeSpan? Read(HttpRequest request)
    {
        foreach (var preference in request.Headers["Prefer"].SelectMany(header => (header ?? "").Split(',', ';'))
            .Select(part => part.Trim()))
        {
            if (!preference.StartsWith("wait=", StringComparison.OrdinalIgnoreCase)) continue;
            return int.TryParse(preference[5..].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture,
                out var seconds) && seconds is >= 1 and <= Longest
                ? TimeSpan.FromSeconds(seconds)
                : throw ApiException.BadRequest($"Prefer: wait must be a whole number of seconds from 1 to {Longest}.");
        }
        return null;
    }
}
