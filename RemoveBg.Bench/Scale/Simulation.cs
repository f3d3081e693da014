namespace RemoveBg.Bench.Scale;

/// <summary>Input of a simulation; times in seconds.</summary>
internal sealed record Scenario
{
    /// <summary>Time at which each artwork is accepted, ascending.</summary>
    public required IReadOnlyList<double> Arrivals { get; init; }

    /// <summary>Draws the time that an artwork holds its slot.</summary>
    public required Func<Random, double> Service { get; init; }

    /// <summary>Number of instances that run from the start and are never removed.</summary>
    public int AlwaysReady { get; init; }

    public int MostInstances { get; init; } = 1;

    /// <summary>Number of artworks in the pipeline of one instance at once.</summary>
    public int SlotsPerInstance { get; init; } = 1;

    /// <summary>Time from the decision to add an instance until it works: process start, loading the network,
    /// warm-up.</summary>
    public double ColdStart { get; init; }

    /// <summary>Time between the platform's scaling decisions.</summary>
    public double ScaleInterval { get; init; } = 10;

    /// <summary>Number of queued artworks per instance (target-based scaling: batchSize + newBatchThreshold of
    /// host.json).</summary>
    public int QueuedPerInstance { get; init; } = 16;

    /// <summary>Idle time after which an instance is removed.</summary>
    public double IdleUntilGone { get; init; } = 300;

    public int Seed { get; init; } = 1;
}

/// <summary>Result of a simulation; times in seconds.</summary>
/// <param name="Waits">Time from acceptance to start, per artwork, ascending.</param>
/// <param name="Makespan">Time from the first acceptance to the last completion.</param>
/// <param name="MostInstances">Largest number of instances at one time.</param>
/// <param name="InstanceSeconds">Total time that instances were starting, working or idle.</param>
/// <param name="BusySeconds">Total time that slots were in use.</param>
internal sealed record Outcome(double[] Waits, double Makespan, int MostInstances, double InstanceSeconds,
    double BusySeconds)
{
    public double Wait(double share) => Waits[Math.Min(Waits.Length - 1, (int)(share * Waits.Length))];

    public double PerSecond => Waits.Length / Makespan;
}

/// <summary>
/// Simulates discrete events: artworks are accepted, start in order as slots become free, and finish. The platform
/// checks the queue at intervals and adds instances, which start working after a cold start.
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

    private sealed class Instance
    {
        public int Busy;
        public bool IsReady;
        public double Since, IdleSince;
    }

    private readonly Scenario _scenario;
    private readonly Random _random;
    private readonly PriorityQueue<(Event Kind, Instance? On), (double At, int Kind, long Order)> _events = new();
    private readonly Queue<double> _queue = new();
    private readonly List<Instance> _instances = [];
    private readonly List<double> _waits = [];
    private long _order;
    private int _most;
    private double _instanceSeconds, _busySeconds, _lastEnd;

    private Simulation(Scenario scenario) => (_scenario, _random) = (scenario, new(scenario.Seed));

    public static Outcome Run(Scenario scenario)
    {
        if (scenario.Arrivals.Count == 0)
            throw new ArgumentException("There must be at least one arrival.", nameof(scenario));
        if (scenario.MostInstances < Math.Max(1, scenario.AlwaysReady))
            throw new ArgumentException("MostInstances must be at least 1 and at least AlwaysReady.", nameof(scenario));
        return new Simulation(scenario).Run();
    }

    private Outcome Run()
    {
        var first = _scenario.Arrivals[0];
        for (var i = 0; i < _scenario.AlwaysReady; i++)
            _instances.Add(new() { IsReady = true, Since = first, IdleSince = first });
        _most = _instances.Count;
        foreach (var at in _scenario.Arrivals) Add(at, Event.Accept);
        if (_scenario.MostInstances > _scenario.AlwaysReady) Add(first, Event.Scale);

        while (_waits.Count < _scenario.Arrivals.Count || _instances.Any(instance => instance.Busy > 0))
        {
            _events.TryDequeue(out var next, out var when);
            var now = when.At;
            switch (next.Kind)
            {
                case Event.Accept: _queue.Enqueue(now); break;
                case Event.Ready: (next.On!.IsReady, next.On.IdleSince) = (true, now); break;
                case Event.End: (next.On!.Busy, next.On.IdleSince, _lastEnd) = (next.On.Busy - 1, now, now); break;
                case Event.Scale: Scale(now); break;
                default: throw new InvalidOperationException($"{next.Kind}");
            }
            StartWhatFits(now);
        }
        foreach (var instance in _instances) _instanceSeconds += _lastEnd - instance.Since;
        return new([.. _waits.Order()], _lastEnd - first, _most, _instanceSeconds, _busySeconds);
    }

    private void StartWhatFits(double now)
    {
        while (_queue.Count > 0
            && _instances.Where(instance => instance.IsReady && instance.Busy < _scenario.SlotsPerInstance)
            .MinBy(instance => instance.Busy) is { } free)
        {
            var service = _scenario.Service(_random);
            _waits.Add(now - _queue.Dequeue());
            _busySeconds += service;
            free.Busy++;
            Add(now + service, Event.End, free);
        }
    }

    private void Scale(double now)
    {
        var wanted = Math.Min(_scenario.MostInstances, (int)Math.Ceiling(
            (_queue.Count + _instances.Sum(instance => instance.Busy)) / (double)_scenario.QueuedPerInstance));
        while (_instances.Count < wanted)
        {
            var added = new Instance { Since = now };
            _instances.Add(added);
            Add(now + _scenario.ColdStart, Event.Ready, added);
        }
        _most = Math.Max(_most, _instances.Count);
        foreach (var idle in _instances.Where(instance =>
            instance is { IsReady: true, Busy: 0 } && now - instance.IdleSince >= _scenario.IdleUntilGone).ToList())
        {
            if (_instances.Count <= Math.Max(_scenario.AlwaysReady, wanted)) break;
            _instances.Remove(idle);
            _instanceSeconds += now - idle.Since;
        }
        Add(now + _scenario.ScaleInterval, Event.Scale);
    }

    private void Add(double at, Event kind, Instance? on = null) =>
        _events.Enqueue((kind, on), (at, (int)kind, _order++));
}
