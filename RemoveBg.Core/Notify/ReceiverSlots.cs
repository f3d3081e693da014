namespace RemoveBg.Core.Notify;

/// <summary>Limits the webhook attempts that this instance makes at once per receiver (scheme, host and
/// port).</summary>
/// <param name="perReceiver">Slots of each receiver.</param>
internal sealed class ReceiverSlots(int perReceiver)
{
    private readonly Dictionary<string, int> _taken = [];

    /// <summary>Takes a slot; dispose it after the attempt.</summary>
    /// <returns>Null if all slots of the receiver are taken.</returns>
    public IDisposable? TryEnter(string url)
    {
        var receiver = new Uri(url).GetLeftPart(UriPartial.Authority);
        lock (_taken)
        {
            var taken = _taken.GetValueOrDefault(receiver);
            if (taken >= perReceiver) return null;
            _taken[receiver] = taken + 1;
        }
        return new Slot(this, receiver);
    }

    private void Leave(string receiver)
    {
        lock (_taken)
            if (--_taken[receiver] == 0) _taken.Remove(receiver);
    }

    private sealed class Slot(ReceiverSlots owner, string receiver) : IDisposable
    {
        public void Dispose() => owner.Leave(receiver);
    }
}
