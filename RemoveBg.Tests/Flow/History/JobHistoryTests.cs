using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Notify;
using RemoveBg.Core.Process;
using RemoveBg.Core.Store;
using RemoveBg.Core.Sweep;
using RemoveBg.Tests.Given;
using SkiaSharp;

namespace RemoveBg.Tests.Flow.History;

/// <summary>Generated lives of jobs: messages lost, late, repeated and in another order; storage that fails, or
/// succeeds unheard; processes that die at any request. Whatever happened, the rest of the life must bring every
/// accepted job to one end, and announce that one.</summary>
[Category(Histories.Category)]
public sealed class JobHistoryTests : HandRunTests
{
    private const int MostRounds = 60;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _announced = new();
    private StorageProxy _proxy = null!;
    private MessagesOnTheWay _messages = null!;
    private RunningHost _other = null!;
    private (Trouble Trouble, int At) _plan;
    private Func<Task> _meanwhile = null!;
    private string _photo = null!;
    private int _requests, _number;

    protected override async Task<string> OpenStorageAsync()
    {
        _proxy = await StorageProxy.StartAsync(Storage.NewAccount());
        return _proxy.ConnectionString;
    }

    [SetUp]
    public async Task Watch()
    {
        _other = await RunningHost.StartAsync(new() { ["RemoveBg:Process:Lease"] = "00:00:06" },
            services: services => services.AddSingleton<TimeProvider>(Clock), takesWork: false,
            storage: _proxy.ConnectionString);
        _messages = new(Clock);
        using var bitmap = new SKBitmap(24, 16);
        bitmap.Erase(SKColors.Teal);
        var photo = bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
        _photo = Caller.ServePage("/small.png", context => context.Response.Body.WriteAsync(photo).AsTask());
        _proxy.Decide = Decide;
    }

    [TearDown]
    public async Task Close()
    {
        await _other.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    [Test]
    public Task Every_accepted_job_ends_once_whatever_happens_to_its_messages_and_to_storage() =>
        JobHistory.Generator.SampleAsync(async history =>
        {
            if (await new Life(this, history).LiveAsync() is { } wrong) throw new AssertionException(wrong);
        }, iter: Histories.Count(30), threads: 1);

    private Fate Decide(string request)
    {
        // Uses of keys are stored in the background, and belong to no step.
        if (request.Contains("/keys(", StringComparison.Ordinal)) return Fate.Passed;
        var at = Interlocked.Increment(ref _requests) - 1;
        if (_plan.Trouble == Trouble.Overtaken && at == _plan.At)
        {
            // The request waits until the other instance is ready.
            _plan = default;
            _meanwhile().GetAwaiter().GetResult();
        }
        var fate = _plan.Trouble switch
        {
            Trouble.Refused when at == _plan.At => Fate.Full,
            Trouble.DoneUnheard when at == _plan.At => Fate.DoneButFull,
            Trouble.Died when at >= _plan.At => Fate.Full,
            _ => Fate.Passed,
        };
        if (fate != Fate.Full) _messages.Note(request);
        return fate;
    }

    /// <summary>Jobs of one key, and what their caller has been told.</summary>
    private sealed class Life(JobHistoryTests test, JobHistory history)
    {
        private readonly List<Job> _jobs = [];
        private HttpClient _client = null!, _otherClient = null!;
        private string _webhook = null!;

        /// <returns>What was wrong; null if nothing was.</returns>
        public async Task<string?> LiveAsync()
        {
            var name = $"key{test._number++}";
            var key = await test.Host.AddKeyAsync(name, concurrentJobs: history.Permits);
            using var client = _client = test.Host.ClientWith(key);
            using var otherClient = _otherClient = test._other.ClientWith(key);
            var refused = new ConcurrentDictionary<string, int>();
            _webhook = test.Caller.ServePage($"/{name}", async context =>
            {
                using var body = await JsonDocument.ParseAsync(context.Request.Body);
                var id = context.Request.Headers[WebhookSigner.IdHeader].ToString();
                if (refused.AddOrUpdate(id, 1, (_, times) => times + 1) <= history.FailingWebhooks)
                    context.Response.StatusCode = 500;
                test._announced.GetOrAdd(body.RootElement.Text("id")!, _ => []).Enqueue(id);
            });
            foreach (var step in history.Steps)
            {
                (test._plan, test._requests) = ((step.Trouble, step.At), 0);
                await TakeAsync(step, test.Host);
                test._plan = default;
                if (await LookAsync() is { } wrong) return $"After {step}: {wrong}";
            }

            // From now on nothing goes wrong any more.
            foreach (var job in _jobs.Where(job => job.Id is null && !job.IsRefused)) await SubmitAsync(job, test.Host);
            foreach (var job in _jobs.Where(job => job.MayBeDeleted && !job.IsDeleted))
                await DeleteAsync(job, test.Host);
            for (var rounds = 0; await IsBusyAsync(); rounds++)
            {
                if (rounds == MostRounds) return $"not at rest after {MostRounds} rounds, {test._messages.Count} "
                    + $"messages: {string.Join("; ", await Task.WhenAll(_jobs.Select(DescribeAsync)))}";
                while (await DeliverAsync(0, isCopy: false, isOvertaken: false)) { }
                if (await LookAsync() is { } wrong) return $"At the end: {wrong}";
                var wait = test._messages.Next - test.Clock.GetUtcNow();
                test.Clock.RunFor(wait > TimeSpan.Zero && wait < TimeSpan.FromMinutes(3) ? wait.Value
                    : TimeSpan.FromMinutes(3));
                await test.SweepAsync();
            }
            return await JudgeAsync();
        }

        private async Task TakeAsync(Step step, RunningHost host)
        {
            var job = _jobs.Count == 0 ? null : _jobs[step.Choice % _jobs.Count];
            if (host == test.Host) test._meanwhile = () => TakeAsync(
                step with { Act = step.Meanwhile == Act.Deliver ? step.Act : step.Meanwhile }, test._other);
            switch (step.Act)
            {
                case Act.Submit:
                    if (_jobs.Find(unheard => unheard.Id is null && !unheard.IsRefused) is { } repeated)
                        await SubmitAsync(repeated, host);
                    else if (_jobs.Count < history.Photos.Length)
                    {
                        _jobs.Add(new(history.Photos[_jobs.Count], $"order {_jobs.Count}"));
                        await SubmitAsync(_jobs[^1], host);
                    }
                    break;
                case Act.Deliver or Act.DeliverCopy:
                    await DeliverAsync(step.Choice, step.Act == Act.DeliverCopy, step.Meanwhile == Act.Deliver);
                    break;
                case Act.Lose:
                    test._messages.Take(step.Choice);
                    break;
                case Act.Cancel when job?.Id is { } id:
                    using (var canceled = await ClientOf(host).PostAsync($"/v2/artworks/{id}/cancel", null))
                        if (canceled.IsSuccessStatusCode) job.IsCanceled |=
                            (await canceled.JsonAsync()).Text("status") == "canceled";
                    job.MayBeCanceled = true;
                    break;
                case Act.Delete when job?.Id is not null:
                    await DeleteAsync(job, host);
                    break;
                case Act.Wait:
                    test.Clock.RunFor(TimeSpan.FromSeconds(30 * (step.Choice + 1)));
                    break;
                case Act.Sweep:
                    await IgnoreFailureAsync(() => host.Get<SweepArtworks>().SweepAsync(CancellationToken.None));
                    break;
            }
        }

        private HttpClient ClientOf(RunningHost host) => host == test.Host ? _client : _otherClient;

        private async Task DeleteAsync(Job job, RunningHost host)
        {
            job.MayBeDeleted = true;
            using var deleted = await ClientOf(host).DeleteAsync($"/v2/artworks/{job.Id}");
            job.IsDeleted |= (int)deleted.StatusCode is 204 or 404;
        }

        private async Task SubmitAsync(Job job, RunningHost host)
        {
            // If another instance overtakes this one, the caller has sent the request again.
            if (host == test.Host) test._meanwhile = () => SubmitAsync(job, test._other);
            using var response = await host.SubmitAsync(new
            {
                imageUrl = job.HasPhoto ? test._photo : $"{test.Caller.Url}/none.jpg", webhook = _webhook,
            }, ClientOf(host), ("Idempotency-Key", job.IdempotencyKey));
            if (response.IsSuccessStatusCode) job.Ids.Add((await response.JsonAsync()).Text("id")!);
            else job.IsRefused = (int)response.StatusCode < 500;
        }

        /// <summary>Hands a message to a worker, as the host does: what throws comes again, after five times to the
        /// poison function.</summary>
        /// <param name="choice">Which of the visible messages.</param>
        /// <param name="isCopy">Whether the message stays in the queue, too.</param>
        /// <param name="isOvertaken">Whether the other instance that may overtake the worker has the same
        /// message.</param>
        /// <returns>False if no message is visible.</returns>
        private async Task<bool> DeliverAsync(int choice, bool isCopy, bool isOvertaken)
        {
            if (test._messages.Take(choice) is not { } message) return false;
            message.Dequeued++;
            if (isOvertaken) test._meanwhile = () => RunAsync(message, test._other);
            var isDone = await RunAsync(message, test.Host);
            // A process that has died completes no message.
            isDone &= test._plan.Trouble != Trouble.Died || test._requests <= test._plan.At;
            if (!isDone || isCopy) test._messages.Return(message with
            {
                VisibleAt = test.Clock.GetUtcNow().AddSeconds(isCopy ? 0 : 5), Dequeued = message.Dequeued,
            });
            return true;
        }

        private static Task<bool> RunAsync(QueuedMessage message, RunningHost host)
        {
            var (process, deliver) = (host.Get<ProcessArtwork>(), host.Get<DeliverWebhook>());
            Func<string, CancellationToken, Task> function = message.Queue == ArtworkQueues.Artworks
                ? message.Dequeued > 5 ? process.FailPoisonedAsync : process.ProcessAsync
                : message.Dequeued > 5 ? deliver.CountPoisonedAsync : deliver.DeliverAsync;
            return IgnoreFailureAsync(() => function(message.Text, CancellationToken.None));
        }

        private static async Task<bool> IgnoreFailureAsync(Func<Task> act)
        {
            try
            {
                await act();
                return true;
            }
            catch (Azure.RequestFailedException problem) when (problem.Status == 507)
            {
                return false;
            }
        }

        /// <summary>Whether anything is left to do.</summary>
        private async Task<bool> IsBusyAsync()
        {
            foreach (var job in _jobs.Where(job => job.Id is not null))
                if (await test.FindAsync(job.Id!) is { } artwork && (!artwork.Status.IsTerminal()
                    || artwork.Delivery.Status == WebhookStatus.Pending)) return true;
            return test._messages.Count > 0;
        }

        /// <summary>Compares each job with what it was before.</summary>
        private async Task<string?> LookAsync()
        {
            foreach (var job in _jobs.Where(job => job.Id is not null))
            {
                if (job.Ids.Count > 1) return $"one idempotency key, {job.Ids.Count} jobs";
                var artwork = await test.FindAsync(job.Id!);
                if (artwork is null && !job.MayBeDeleted) return "the job is gone";
                if (artwork is not null && job.IsDeleted) return "a deleted job is back";
                if (artwork is null) continue;
                if (job.Last is { } last && (last.Status.IsTerminal() ? artwork.Status != last.Status
                    : artwork.Status < last.Status)) return $"{last.Status} became {artwork.Status}";
                if (artwork.Attempt is < 0 or > 3) return $"{artwork.Attempt} attempts";
                job.Last = artwork;
            }
            return null;
        }

        private async Task<string?> JudgeAsync()
        {
            var results = new BlobContainerClient(test.Host.ConnectionString, StoredImages.ResultContainer);
            foreach (var job in _jobs.Where(job => job.Id is not null))
            {
                var artwork = await test.FindAsync(job.Id!);
                var announced = test._announced.GetValueOrDefault(job.Id!)?.Distinct().ToList() ?? [];
                if (announced.Count > 1) return $"two ends were announced: {string.Join(", ", announced)}";
                if (artwork is null) continue;
                var hasResult = await results.GetBlobsAsync(new() { Prefix = $"{artwork.Id:N}." }).AnyAsync();
                var described = await DescribeAsync(job);
                if (artwork.Delivery.Status != WebhookStatus.Delivered || announced.Count == 0
                    || announced[0] != artwork.WebhookId) return $"not announced: {described}";
                if (job.IsCanceled && artwork.Status != ArtworkStatus.Canceled) return $"canceled in vain: {described}";
                if (artwork.Status == ArtworkStatus.Canceled && !job.MayBeCanceled)
                    return $"canceled without a request: {described}";
                if (artwork.Status == ArtworkStatus.Succeeded && !job.HasPhoto) return $"of no photo: {described}";
                if (artwork.Status == ArtworkStatus.Failed && job.HasPhoto && history.Failures < 3)
                    return $"failed without a reason: {described}";
                if (artwork.Status == ArtworkStatus.Succeeded && !hasResult) return $"without a result: {described}";
                if (hasResult && artwork.Status != ArtworkStatus.Succeeded && history.Failures == 0)
                    return $"with a result: {described}";
            }
            var left = await new TableClient(test.Host.ConnectionString, ArtworkTable.ByKey).QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"RowKey ge {"wait_"}")).CountAsync();
            return left == 0 ? null : $"{left} jobs still wait for a permit";
        }

        private async Task<string> DescribeAsync(Job job) => job.Id is null ? "not accepted"
            : $"{await test.FindAsync(job.Id)}";
    }

    private sealed class Job(bool hasPhoto, string idempotencyKey)
    {
        public bool HasPhoto => hasPhoto;

        public string IdempotencyKey => idempotencyKey;

        /// <summary>Ids in the responses to the submission and its repetitions.</summary>
        public HashSet<string> Ids { get; } = [];

        /// <summary>Null until the caller has heard that it is accepted.</summary>
        public string? Id => Ids.FirstOrDefault();

        /// <summary>Whether the caller was told not to try again.</summary>
        public bool IsRefused { get; set; }

        public bool IsCanceled { get; set; }

        public bool MayBeCanceled { get; set; }

        public bool IsDeleted { get; set; }

        public bool MayBeDeleted { get; set; }

        /// <summary>The record after the last step.</summary>
        public Artwork? Last { get; set; }
    }
}
