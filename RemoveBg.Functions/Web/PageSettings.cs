namespace RemoveBg.Functions.Web;

/// <summary>What the page is told by the program that serves it.</summary>
/// <param name="DevelopmentKey">A key that the page may use on this machine; null in production,
/// where it asks the visitor for one.</param>
public sealed record PageSettings(string? DevelopmentKey);
