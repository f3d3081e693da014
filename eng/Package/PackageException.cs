namespace RemoveBg.Package;

/// <summary>The folder cannot be described; the message says why, in one line.</summary>
internal sealed class PackageException(string message) : Exception(message);
