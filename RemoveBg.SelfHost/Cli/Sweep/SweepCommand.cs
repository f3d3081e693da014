using System.CommandLine;
using RemoveBg.Core;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.SelfHost.Cli.Sweep;

/// <summary><c>removebg sweep</c>: the sweeper's work once, for schedulers that start a process each time.</summary>
internal static class SweepCommand
{
    /// <param name="run">Called with the settings.</param>
    public static Command Create(Func<HostSettings, CancellationToken, Task<int>> run)
    {
        var command = new Command("sweep", "Resends overdue work and erases what is expired, once; exits with 0 when "
            + "both are done. For schedulers, each minute; several at once do no harm.");
        command.SetAction((_, cancellationToken) =>
            run(new() { Root = HostSettings.FindRoot(), Role = ServiceRole.Sweeper }, cancellationToken));
        return command;
    }
}
