using System.Threading.Channels;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>
/// Feeds one [QueueTrigger] function like the Functions host: leases a bounded number of messages and renews the leases
/// while they run, cancels one that runs longer than functionTimeout, retries a failed one after a pause, moves one
/// that fails too often to the poison queue, and on shutdown waits for the running ones. A message that this process
/// itself sends does not wait for the next poll.
/// </summary>
internal sealed class QueuePump(
    DiscoveredFunction function, string queueName, StorageClients storage, ArtworkQueues queues, StorageSetup setup,
    FunctionInvoker invoker, HostJson settings, FunctionTimeout limit, TimeProvider clock,
    ILogger<QueuePump> log) : BackgroundService
{
    /// <summary>Lease of a message. Shorter than the Functions host's ten minutes, so that it returns sooner after a
    /// crash.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30), RenewEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(100), Grace = TimeSpan.FromSeconds(30),
        LastGrace = TimeSpan.FromSeconds(10);

    private readonly QueueClient _queue = storage.UndecodedQueue(queueName);
    private readonly QueueClient _poison = storage.UndecodedQueue(queueName + ArtworkQueues.PoisonSuffix);
    private readonly HashSet<Task> _running = [];

    /// <summary>Holds a token once a message was sent that the pump may not have seen.</summary>
    private readonly Channel<bool> _sent =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Never disposed: it has no timer, and a host that fails to start disposes the pump while it still
    /// drains.</summary>
    private readonly CancellationTokenSource _abandon = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        queues.Sent += OnSent;
        try
        {
            await PumpAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            queues.Sent -= OnSent;
        }
        await DrainAsync();
    }

    private async Task PumpAsync(CancellationToken stop)
    {
        var pause = ShortestPoll;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            _running.RemoveWhere(task => task.IsCompleted);
            if (_running.Count > settings.NewBatchThreshold)
            {
                await Task.WhenAny(_running).WaitAsync(stop);
                continue;
            }
            if (await ReceiveAsync(stop) > 0)
            {
                pause = ShortestPoll;
                continue;
            }
            pause = await WasSentAsync(pause, stop) ? ShortestPoll
                : pause * 2 < settings.MaxPollingInterval ? pause * 2 : settings.MaxPollingInterval;
        }
    }

    private void OnSent(string queue)
    {
        if (queue == queueName) _sent.Writer.TryWrite(true);
    }

    /// <summary>Waits until this process sends a message, at most for a time.</summary>
    private async Task<bool> WasSentAsync(TimeSpan atMost, CancellationToken stop)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(Task.Delay(atMost, clock, waiting.Token),
            _sent.Reader.WaitToReadAsync(waiting.Token).AsTask());
        await waiting.CancelAsync();
        return _sent.Reader.TryRead(out _);
    }

    /// <returns>Number of received messages.</returns>
    private async Task<int> ReceiveAsync(CancellationToken stop)
    {
        try
        {
            await setup.EnsureAsync(stop);
            QueueMessage[] messages = await _queue.ReceiveMessagesAsync(settings.BatchSize, Lease, stop);
            foreach (var message in messages) _running.Add(HandleAsync(message));
            return messages.Length;
        }
        catch (Exception problem) when (problem is RequestFailedException || StorageFailure.Is(problem, stop))
        {
            log.QueueUnavailable(queueName, problem.GetType().Name);
            return 0;
        }
    }

    private async Task HandleAsync(QueueMessage message)
    {
        await Task.Yield();
        using var renewing = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token);
        var lease = RenewAsync(message, renewing.Token);
        var outcome = await RunAsync(message);
        await renewing.CancelAsync();
        var receipt = await lease;
        try
        {
            switch (outcome)
            {
                case Outcome.Done:
                    await _queue.DeleteMessageAsync(message.MessageId, receipt);
                    break;
                case Outcome.Poison:
                    await _poison.SendMessageAsync(message.Body, timeToLive: TimeSpan.FromSeconds(-1));
                    await _queue.DeleteMessageAsync(message.MessageId, receipt);
                    break;
                default:
                    var wait = outcome == Outcome.Retry ? settings.VisibilityTimeout : TimeSpan.Zero;
                    await _queue.UpdateMessageAsync(message.MessageId, receipt, visibilityTimeout: wait);
                    break;
            }
        }
        catch (Exception problem)
            when (problem is RequestFailedException || StorageFailure.Is(problem, CancellationToken.None))
        {
            // The lease ends by itself and the message is delivered again, which functions expect.
            log.MessageNotSettled(queueName, problem.GetType().Name);
        }
    }

    private async Task<Outcome> RunAsync(QueueMessage message)
    {
        if (message.DequeueCount > settings.MaxDequeueCount)
        {
            log.PoisonedUnread(queueName);
            return Outcome.Poison;
        }
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token);
        using var timeout = new CancellationTokenSource(limit.Limit ?? Timeout.InfiniteTimeSpan, clock);
        await using var ending = timeout.Token.UnsafeRegister(_ => limited.Cancel(), null);
        try
        {
            // Messages are passed as stored (messageEncoding none).
            await invoker.InvokeAsync(function, _ => message.Body.ToString(), limited.Token);
            return Outcome.Done;
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            return Outcome.GiveBack;
        }
        catch (Exception problem)
        {
            log.QueueFunctionFailed(problem, function.Name, message.DequeueCount, settings.MaxDequeueCount);
            return message.DequeueCount >= settings.MaxDequeueCount ? Outcome.Poison : Outcome.Retry;
        }
    }

    /// <returns>The receipt with which to settle the message.</returns>
    private async Task<string> RenewAsync(QueueMessage message, CancellationToken stop)
    {
        var receipt = message.PopReceipt;
        while (true)
        {
            await Task.Delay(RenewEvery, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return receipt;
            try
            {
                // Not cancellable: the new receipt must be read.
                receipt = (await _queue.UpdateMessageAsync(message.MessageId, receipt, visibilityTimeout: Lease,
                    cancellationToken: CancellationToken.None)).Value.PopReceipt;
            }
            catch (Exception problem)
                when (problem is RequestFailedException || StorageFailure.Is(problem, CancellationToken.None))
            {
                log.LeaseNotRenewed(queueName, problem.GetType().Name);
            }
        }
    }

    /// <summary>Takes no new messages, waits for running ones, and cancels those that outlast the grace
    /// period.</summary>
    private async Task DrainAsync()
    {
        var all = Task.WhenAll(_running);
        if (_running.Count(task => !task.IsCompleted) is > 0 and var running) log.Draining(queueName, running);
        await Task.WhenAny(all, Task.Delay(Grace, clock, CancellationToken.None));
        await _abandon.CancelAsync();
        await Task.WhenAny(all, Task.Delay(LastGrace, clock, CancellationToken.None));
    }

    private enum Outcome
    {
        Done,
        Retry,
        GiveBack,
        Poison,
    }
}
