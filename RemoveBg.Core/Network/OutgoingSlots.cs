namespace RemoveBg.Core.Network;

/// <summary>Limits how many requests this instance makes at once to servers that callers named, so that slow servers of
/// some keys leave slots to the others.</summary>
/// <remarks>
/// No request waits here: a queue message that waits takes one of the few places that the host has for messages. A
/// request without a slot comes again after the time that it is given.
/// <list type="bullet">
/// <item>Each key gets one slot; the first requests share three more. So of 14 slots, ten keys whose servers all hang
/// leave one.</item>
/// <item>A server is slow for a key if its last request took longer than <c>slowAfter</c>, or one that it has now does.
/// Slow servers have two thirds of the slots, and a second one only for a key that is alone.</item>
/// <item>A key that has no slot and is refused one is the next to get one, for as long as its request is expected
/// back.</item>
/// </list>
/// </remarks>
/// <param name="slots">Number of slots.</param>
/// <param name="perServer">Slots that a key has for one server at most.</param>
/// <param name="slowAfter">Longest request of a server that is not slow.</param>
/// <param name="clock">Measures durations. Time in which the process was frozen should not count.</param>
internal sealed class OutgoingSlots(int slots, int perServer, TimeSpan slowAfter, TimeProvider clock)
{
    /// <summary>Time without a request after which a slow server gets another chance.</summary>
    private static readonly TimeSpan SlowFor = TimeSpan.FromMinutes(10);

    /// <summary>Storage delays messages by whole seconds. The longest bounds how many refused messages come back per
    /// second, and how late they are once a server has recovered.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1), LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>Time that a message may be late before its key's slot goes to others.</summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(5);

    /// <summary>Slots beyond the first of each key.</summary>
    private const int Extra = 3;

    private readonly Lock _lock = new();
    private readonly long _start = clock.GetTimestamp();
    private readonly int _slowSlots = Math.Max(1, slots * 2 / 3);
    private readonly List<Slot> _taken = [];

    /// <summary>Keys without a slot, in the order in which they get the next ones.</summary>
    private readonly List<Reservation> _reserved = [];

    private readonly Dictionary<(string Key, string Server), TimeSpan> _slowUntil = [];
    private readonly Dictionary<string, Pace> _paces = [];

    private TimeSpan Now => clock.GetElapsedTime(_start);

    /// <summary>Takes a slot, if the key may have one.</summary>
    /// <param name="key">The API key.</param>
    /// <param name="server">The server, compared as text.</param>
    /// <param name="wait">Time after which to try again, 1 s to 5 min; zero with a slot.</param>
    /// <returns>Null without a slot; dispose it after the request.</returns>
    public Slot? TryEnter(string key, string server, out TimeSpan wait)
    {
        lock (_lock)
        {
            var now = Now;
            _reserved.RemoveAll(reservation => reservation.Until <= now);
            var isSlow = IsSlow(key, server, now);
            wait = _taken.Count(slot => slot.Key == key && slot.Server == server) >= perServer
                || !HasShare(key, isSlow) ? NextTurn(key, now)
                : !HasRoom(key, ofSlow: false, now) ? Refuse(key, ofSlow: false, now)
                : isSlow && !HasRoom(key, ofSlow: true, now) ? Refuse(key, ofSlow: true, now)
                : TimeSpan.Zero;
            if (wait > TimeSpan.Zero) return null;
            _reserved.RemoveAll(reservation => reservation.Key == key && (isSlow || !reservation.OfSlow));
            var slot = new Slot(this, key, server, isSlow);
            _taken.Add(slot);
            return slot;
        }
    }

    /// <summary>Whether the key has no slot yet, or may have one of the extra slots.</summary>
    private bool HasShare(string key, bool isSlow)
    {
        if (_taken.All(slot => slot.Key != key)) return true;
        var keys = _taken.Select(slot => slot.Key).Distinct().Count();
        return _taken.Count - keys < Extra && (keys == 1 || !isSlow);
    }

    /// <summary>Whether a slot is free that is not reserved for another key.</summary>
    private bool HasRoom(string key, bool ofSlow, TimeSpan now)
    {
        var reservedBefore = _reserved.Where(reservation => reservation.OfSlow == ofSlow)
            .TakeWhile(reservation => reservation.Key != key).Count();
        return _taken.Count(slot => !ofSlow || IsSlow(slot, now)) + reservedBefore < (ofSlow ? _slowSlots : slots);
    }

    /// <returns>The time after which to try again.</returns>
    private TimeSpan Refuse(string key, bool ofSlow, TimeSpan now)
    {
        if (_taken.Any(slot => slot.Key == key)) return NextTurn(key, now);
        var place = _reserved.FindIndex(reservation => reservation.Key == key && reservation.OfSlow == ofSlow);
        // One message per key holds its place; the others come later.
        if (place >= 0 && now < _reserved[place].Returns) return NextTurn(key, now);
        var reservation = new Reservation(key, ofSlow, now + ShortestWait, now + ShortestWait + Lateness);
        if (place >= 0) _reserved[place] = reservation;
        else _reserved.Add(reservation);
        return ShortestWait;
    }

    /// <summary>Spreads a key's refused messages over the time that its requests take, so that a long queue of them
    /// costs the others nothing.</summary>
    private TimeSpan NextTurn(string key, TimeSpan now)
    {
        var own = _taken.Where(slot => slot.Key == key).ToList();
        var pace = _paces.GetValueOrDefault(key);
        var longest = own.Select(slot => slot.AgeAt(now)).Append(pace.Last).Max();
        var turn = (pace.Turn > now ? pace.Turn : now) + longest / Math.Max(1, own.Count);
        if (turn > now + LongestWait) turn = now + LongestWait;
        _paces[key] = pace with { Turn = turn };
        return turn - now > ShortestWait ? turn - now : ShortestWait;
    }

    private bool IsSlow(string key, string server, TimeSpan now) =>
        (_slowUntil.TryGetValue((key, server), out var until) && now < until)
        || _taken.Any(slot => slot.Key == key && slot.Server == server && slot.AgeAt(now) > slowAfter);

    private bool IsSlow(Slot slot, TimeSpan now) => slot.IsSlow || slot.AgeAt(now) > slowAfter;

    private void Leave(Slot slot)
    {
        lock (_lock)
        {
            if (!_taken.Remove(slot) || slot.StartedAt is null) return;
            var now = Now;
            var took = slot.AgeAt(now);
            _paces[slot.Key] = _paces.GetValueOrDefault(slot.Key) with { Last = took };
            _slowUntil.Remove((slot.Key, slot.Server));
            if (took <= slowAfter) return;
            foreach (var old in _slowUntil.Where(entry => entry.Value <= now).ToList()) _slowUntil.Remove(old.Key);
            _slowUntil[(slot.Key, slot.Server)] = now + SlowFor;
        }
    }

    /// <summary>A slot; dispose it to free it.</summary>
    public sealed class Slot : IDisposable
    {
        private readonly OutgoingSlots _owner;

        internal Slot(OutgoingSlots owner, string key, string server, bool isSlow) =>
            (_owner, Key, Server, IsSlow) = (owner, key, server, isSlow);

        internal string Key { get; }

        internal string Server { get; }

        internal bool IsSlow { get; }

        internal TimeSpan? StartedAt { get; private set; }

        /// <summary>Marks the start of the request. Without one, the slot says nothing about the server.</summary>
        public void Start()
        {
            lock (_owner._lock) StartedAt = _owner.Now;
        }

        public void Dispose() => _owner.Leave(this);

        internal TimeSpan AgeAt(TimeSpan now) => now - StartedAt ?? TimeSpan.Zero;
    }

    /// <param name="Key">The API key.</param>
    /// <param name="OfSlow">Whether it waits for one of the slow servers' slots.</param>
    /// <param name="Returns">When its message is visible again.</param>
    /// <param name="Until">When the reservation ends.</param>
    private sealed record Reservation(string Key, bool OfSlow, TimeSpan Returns, TimeSpan Until);

    /// <param name="Last">Duration of the key's last request.</param>
    /// <param name="Turn">When the last of its refused messages comes again.</param>
    private readonly record struct Pace(TimeSpan Last, TimeSpan Turn);
}
