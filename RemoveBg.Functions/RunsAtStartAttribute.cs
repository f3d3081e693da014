namespace RemoveBg.Functions;

/// <summary>Makes the self-host run a timer function when it starts, too, because the last process may have left work
/// behind.</summary>
/// <remarks>On Azure, <c>RunOnStartup</c> would run it each time that an instance of any function starts. There, the
/// schedule is enough: the host keeps the time of the last run, and catches up on one that it has missed.</remarks>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RunsAtStartAttribute : Attribute;
