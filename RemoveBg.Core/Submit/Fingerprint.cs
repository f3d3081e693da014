namespace RemoveBg.Core.Submit;

/// <summary>Identifies the request of an <c>Idempotency-Key</c>.</summary>
/// <param name="Hash">SHA-256 of the request, in hex.</param>
public sealed record Fingerprint(string Hash)
{
    /// <summary>Changes with the way in which requests are hashed.</summary>
    private const string Version = "2:";

    internal string Stored => Version + Hash;

    /// <summary>Whether a stored fingerprint is of the same request. One that another version of this program has
    /// stored cannot be compared: the key alone decides then, so that a retry during an upgrade is not
    /// refused.</summary>
    internal bool Matches(string stored) =>
        !stored.StartsWith(Version, StringComparison.Ordinal) || stored == Stored;
}
