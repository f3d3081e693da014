using Microsoft.Azure.Functions.Worker;
using NCrontab;
using RemoveBg.Core.Store;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Runs one [TimerTrigger] function by its NCRONTAB schedule, never twice at a time.</summary>
internal sealed class TimerPump(
    DiscoveredFunction function, TimerTriggerAttribute trigger, StorageSetup setup, FunctionInvoker invoker, TimeProvider clock, ILogger<TimerPump> log)
    : BackgroundService
{
    private readonly CrontabSchedule _schedule = CrontabSchedule.Parse(trigger.Schedule, new() { IncludingSeconds = true });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (trigger.RunOnStartup) await Run(stoppingToken);
            while (true)
            {
                var now = clock.GetUtcNow().UtcDateTime;
                await Task.Delay(_schedule.GetNextOccurrence(now) - now, clock, stoppingToken);
                await Run(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task Run(CancellationToken stop)
    {
        try
        {
            await setup.Ensure(stop);
            await invoker.Invoke(function, _ => new TimerInfo(), stop);
        }
        catch (Exception problem) when (!stop.IsCancellationRequested)
        {
            log.LogError(problem, "Function {Function} failed", function.Name);
        }
    }
}
