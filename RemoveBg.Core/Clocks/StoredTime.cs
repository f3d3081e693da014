namespace RemoveBg.Core.Clocks;

/// <summary>Judges times that a host has stored, whose clock may have been wrong.</summary>
internal static class StoredTime
{
    /// <summary>Largest difference between the clocks of two hosts that is taken for normal.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>Whether a stored time lies ahead, and not so far that only a wrong clock can have written it. A lease
    /// beyond that counts as over: the worker that wrote it loses at most its work, while the others would wait for as
    /// long as its clock is ahead.</summary>
    /// <param name="time">As stored; null is never ahead.</param>
    /// <param name="now">The reader's time.</param>
    /// <param name="longest">How far ahead a host with a right clock may set it.</param>
    public static bool IsAhead(DateTimeOffset? time, DateTimeOffset now, TimeSpan longest) =>
        time > now && time <= Latest(now, longest);

    /// <summary>Latest time that a host whose clock is about right has stored.</summary>
    public static DateTimeOffset Latest(DateTimeOffset now, TimeSpan longest) => now + longest + ClockSkew;
}
