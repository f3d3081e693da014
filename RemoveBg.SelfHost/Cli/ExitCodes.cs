namespace RemoveBg.SelfHost.Cli;

/// <summary>Exit codes of every command; docs/cli.md lists them.</summary>
internal static class ExitCodes
{
    public const int Done = 0, Failed = 1, Usage = 2, Interrupted = 130;
}
