namespace RemoveBg.Bench.Scale;

/// <summary>Functions that the platform scales by themselves: all HTTP functions together, and each queue's function.
/// Times in seconds.</summary>
internal sealed record ScaleGroup
{
    public required string Name { get; init; }

    /// <summary>Draws the time of one execution.</summary>
    public required Func<Random, double> Service { get; init; }

    /// <summary>Executions of one instance at once that make progress. More may have begun; they wait.</summary>
    public int SlotsPerInstance { get; init; } = 1;

    /// <summary>Waiting and running executions per instance that the platform aims at: batchSize + newBatchThreshold of
    /// host.json, or the concurrency of HTTP.</summary>
    public int QueuedPerInstance { get; init; } = 16;

    /// <summary>Number of instances that run from the start and are never removed.</summary>
    public int AlwaysReady { get; init; }

    /// <summary>True for HTTP: the platform sees a request when it arrives. False: it looks into the queue at
    /// intervals.</summary>
    public bool IsPushed { get; init; }
}

/// <summary>Input of a simulation; times in seconds.</summary>
internal sealed record Scenario
{
    /// <summary>Time at which each artwork arrives, ascending.</summary>
    public required IReadOnlyList<double> Arrivals { get; init; }

    /// <summary>Groups that an artwork passes, in order.</summary>
    public required IReadOnlyList<ScaleGroup> Groups { get; init; }

    /// <summary>Most instances of the app, which all groups share.</summary>
    public int MostInstances { get; init; } = 1;

    /// <summary>Instances of these that other functions hold all the time, such as timers.</summary>
    public int OtherInstances { get; init; }

    /// <summary>Time from the decision to add an instance until it works: process start, loading the network,
    /// warm-up.</summary>
    public double ColdStart { get; init; }

    /// <summary>Longest additional time until the platform notices the queue of a group without an instance; each time
    /// is drawn between zero and this.</summary>
    public double PickUp { get; init; }

    /// <summary>Time between the platform's scaling decisions.</summary>
    public double ScaleInterval { get; init; } = 10;

    /// <summary>Idle time after which an instance is removed.</summary>
    public double IdleUntilGone { get; init; } = 300;

    /// <summary>Idle time after which an instance makes way for another group that needs one while the app is at its
    /// maximum.</summary>
    public double IdleUntilTaken { get; init; } = 30;

    /// <summary>Smallest time that is billed when an instance becomes active.</summary>
    public double SmallestBilled { get; init; } = 1;

    public int Seed { get; init; } = 1;
}

/// <summary>Result for one group.</summary>
/// <param name="Name">Its name.</param>
/// <param name="MostInstances">Largest number of instances at one time.</param>
/// <param name="BilledSeconds">Time in which instances were active, each period at least the smallest billed
/// one.</param>
internal sealed record GroupOutcome(string Name, int MostInstances, double BilledSeconds);

/// <summary>Result of a simulation; times in seconds.</summary>
/// <param name="Waits">Time that each artwork waited, in all groups together, ascending.</param>
/// <param name="Makespan">Time from the first arrival to the last completion.</param>
/// <param name="MostInstances">Largest number of instances at one time, of all groups.</param>
/// <param name="InstanceSeconds">Total time that instances were starting, working or idle.</param>
/// <param name="BusySeconds">Total time that slots were in use.</param>
/// <param name="Groups">Per group, in order.</param>
internal sealed record Outcome(double[] Waits, double Makespan, int MostInstances, double InstanceSeconds,
    double BusySeconds, IReadOnlyList<GroupOutcome> Groups)
{
    public double Wait(double share) => Waits[Math.Min(Waits.Length - 1, (int)(share * Waits.Length))];

    public double PerSecond => Waits.Length / Makespan;

    public double BilledSeconds => Groups.Sum(group => group.BilledSeconds);
}

/// <summary>
/// Simulates discrete events: artworks arrive, pass the groups in order, wait in each for a free slot, and finish. The
/// platform adds instances to each group, up to the app's maximum; they start working after a cold start.
/// </summary>
/// <remarks>The same seed gives the same outcome.</remarks>
internal sealed class Simulation
{
    private enum Event
    {
        // Completions come before simultaneous arrivals, so that an arrival gets the freed slot.
        End,
        Ready,
        Accept,
        Scale,
    }

    private sealed class Artwork
    {
        public double QueuedAt, Waited;
    }

    private sealed class Instance
    {
        public int Busy;
        public bool IsReady;
        public double Since, IdleSince;

        /// <summary>Start of the latest active period, which lasts until <see cref="IdleSince"/> once nothing
        /// runs.</summary>
        public double? ActiveSince;
    }

    private sealed class Group(ScaleGroup given)
    {
        public readonly Queue<Artwork> Queue = new();
        public readonly List<Instance> Instances = [];
        public double Billed;
        public int Most;

        public ScaleGroup Given => given;

        public int Wanted => (int)Math.Ceiling(
            (Queue.Count + Instances.Sum(instance => instance.Busy)) / (double)given.QueuedPerInstance);

        public Instance? Free() => Instances
            .Where(instance => instance.IsReady && instance.Busy < given.SlotsPerInstance)
            .MinBy(instance => instance.Busy);
    }

    private readonly Scenario _scenario;
    private readonly Random _random;
    private readonly PriorityQueue<(Event Kind, int Group, Artwork? Artwork, Instance? On), (double At, int Kind,
        long Order)> _events = new();
    private readonly List<Group> _groups;
    private readonly List<double> _waits = [];
    private long _order;
    private int _most;
    private double _instanceSeconds, _busySeconds, _lastEnd;

    private Simulation(Scenario scenario)
    {
        (_scenario, _random) = (scenario, new(scenario.Seed));
        _groups = [.. scenario.Groups.Select(group => new Group(group))];
    }

    private int Free =>
        _scenario.MostInstances - _scenario.OtherInstances - _groups.Sum(group => group.Instances.Count);

    public static Outcome Run(Scenario scenario)
    {
        if (scenario.Arrivals.Count == 0)
            throw new ArgumentException("There must be at least one arrival.", nameof(scenario));
        if (scenario.MostInstances - scenario.OtherInstances
            < scenario.Groups.Sum(group => Math.Max(1, group.AlwaysReady)))
            throw new ArgumentException("MostInstances must allow an instance and the AlwaysReady ones of each group.",
                nameof(scenario));
        return new Simulation(scenario).Run();
    }

    private Outcome Run()
    {
        var first = _scenario.Arrivals[0];
        foreach (var group in _groups)
            for (var i = 0; i < group.Given.AlwaysReady; i++)
                group.Instances.Add(new() { IsReady = true, Since = first, IdleSince = first });
        Count();
        foreach (var at in _scenario.Arrivals) Add(at, Event.Accept, 0, new());
        if (Free > 0) Add(first, Event.Scale, 0);

        while (_waits.Count < _scenario.Arrivals.Count)
        {
            _events.TryDequeue(out var next, out var when);
            var now = when.At;
            switch (next.Kind)
            {
                case Event.Accept: Queue(now, next.Group, next.Artwork!); break;
                case Event.Ready: (next.On!.IsReady, next.On.IdleSince) = (true, now); break;
                case Event.End: End(now, next.Group, next.Artwork!, next.On!); break;
                case Event.Scale: Scale(now); break;
                default: throw new InvalidOperationException($"{next.Kind}");
            }
            StartWhatFits(now, next.Group);
        }
        foreach (var group in _groups)
            foreach (var instance in group.Instances)
            {
                Bill(group, instance);
                _instanceSeconds += _lastEnd - instance.Since;
            }
        return new([.. _waits.Order()], _lastEnd - first, _most, _instanceSeconds, _busySeconds,
            [.. _groups.Select(group => new GroupOutcome(group.Given.Name, group.Most, group.Billed))]);
    }

    private void Queue(double now, int index, Artwork artwork)
    {
        var group = _groups[index];
        artwork.QueuedAt = now;
        group.Queue.Enqueue(artwork);
        if (group.Given.IsPushed && group.Free() is null && group.Instances.Count < group.Wanted && Free > 0)
            Start(now, index, noticed: 0);
    }

    private void End(double now, int index, Artwork artwork, Instance instance)
    {
        (instance.Busy, instance.IdleSince, _lastEnd) = (instance.Busy - 1, now, now);
        if (index + 1 == _groups.Count) _waits.Add(artwork.Waited);
        // As an event, so that this group's next artwork takes the slot first.
        else Add(now, Event.Accept, index + 1, artwork);
    }

    private void StartWhatFits(double now, int index)
    {
        var group = _groups[index];
        while (group.Queue.Count > 0 && group.Free() is { } free)
        {
            var service = group.Given.Service(_random);
            var artwork = group.Queue.Dequeue();
            artwork.Waited += now - artwork.QueuedAt;
            _busySeconds += service;
            // An artwork that starts as another one ends continues the period.
            if (free.Busy++ == 0 && (free.ActiveSince is null || now > free.IdleSince))
            {
                Bill(group, free);
                free.ActiveSince = now;
            }
            Add(now + service, Event.End, index, artwork, free);
        }
    }

    private void Bill(Group group, Instance instance)
    {
        if (instance.ActiveSince is { } start)
            group.Billed += Math.Max(_scenario.SmallestBilled, instance.IdleSince - start);
    }

    private void Scale(double now)
    {
        foreach (var group in _groups)
            foreach (var idle in group.Instances.Where(instance => instance is { IsReady: true, Busy: 0 }).ToList())
            {
                var isWanted = Free < _groups.Sum(other => Math.Max(0, other.Wanted - other.Instances.Count));
                if (group.Instances.Count <= Math.Max(group.Given.AlwaysReady, group.Wanted)) break;
                if (now - idle.IdleSince < (isWanted ? Math.Min(_scenario.IdleUntilTaken, _scenario.IdleUntilGone)
                    : _scenario.IdleUntilGone)) continue;
                group.Instances.Remove(idle);
                Bill(group, idle);
                _instanceSeconds += now - idle.Since;
            }
        // How the platform shares its maximum is not documented: here each group in turn gets one.
        for (var added = true; added;)
        {
            added = false;
            for (var index = 0; index < _groups.Count && Free > 0; index++)
                if (_groups[index].Instances.Count < _groups[index].Wanted)
                {
                    Start(now, index, _groups[index].Given.IsPushed || _groups[index].Instances.Count > 0 ? 0
                        : _scenario.PickUp * _random.NextDouble());
                    added = true;
                }
        }
        Add(now + _scenario.ScaleInterval, Event.Scale, 0);
    }

    /// <param name="now">Time of the decision.</param>
    /// <param name="index">Of the group.</param>
    /// <param name="noticed">Time until the platform has noticed the queue.</param>
    private void Start(double now, int index, double noticed)
    {
        var added = new Instance { Since = now };
        _groups[index].Instances.Add(added);
        Add(now + noticed + _scenario.ColdStart, Event.Ready, index, on: added);
        Count();
    }

    private void Count()
    {
        _most = Math.Max(_most, _groups.Sum(group => group.Instances.Count));
        foreach (var group in _groups) group.Most = Math.Max(group.Most, group.Instances.Count);
    }

    private void Add(double at, Event kind, int group, Artwork? artwork = null, Instance? on = null) =>
        _events.Enqueue((kind, group, artwork, on), (at, (int)kind, _order++));
}
