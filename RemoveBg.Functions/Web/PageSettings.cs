namespace RemoveBg.Functions.Web;

/// <summary>Settings that the page gets from the program that serves it.</summary>
/// <param name="DevelopmentKey">API key for the page on this machine; null in production, where the page asks for
/// one.</param>
public sealed record PageSettings(string? DevelopmentKey);
