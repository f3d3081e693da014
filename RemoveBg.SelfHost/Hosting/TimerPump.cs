using Microsoft.Azure.Functions.Worker;
using NCrontab;
using RemoveBg.Core.Store;
using RemoveBg.Functions;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Runs one [TimerTrigger] function on its NCRONTAB schedule, one run at a time.</summary>
internal sealed class TimerPump(
    DiscoveredFunction function, TimerTriggerAttribute trigger, StorageSetup setup, FunctionInvoker invoker,
        TimeProvider clock, ILogger<TimerPump> log)
    : BackgroundService
{
    private readonly CrontabSchedule _schedule =
        CrontabSchedule.Parse(trigger.Schedule, new() { IncludingSeconds = true });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (function.Method.IsDefined(typeof(RunsAtStartAttribute), inherit: false)) await RunAsync(stoppingToken);
            while (true)
            {
                var now = clock.GetUtcNow().UtcDateTime;
                await Task.Delay(_schedule.GetNextOccurrence(now) - now, clock, stoppingToken);
                await RunAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await setup.EnsureAsync(stop);
            await invoker.InvokeAsync(function, _ => new TimerInfo(), stop);
        }
        catch (Exception problem) when (!stop.IsCancellationRequested)
        {
            log.TimerFunctionFailed(problem, function.Name);
        }
    }
}
