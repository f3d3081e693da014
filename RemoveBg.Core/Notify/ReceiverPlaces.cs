namespace RemoveBg.Core.Notify;

/// <summary>How many webhook attempts this instance makes at once to one receiver (scheme, host and port).</summary>
internal sealed class ReceiverPlaces(int perReceiver)
{
    private readonly Dictionary<string, int> _taken = [];

    /// <returns>Null when all places are taken; else dispose it when the attempt is over.</returns>
    public IDisposable? TryEnter(string url)
    {
        var receiver = new Uri(url).GetLeftPart(UriPartial.Authority);
        lock (_taken)
        {
            var taken = _taken.GetValueOrDefault(receiver);
            if (taken >= perReceiver) return null;
            _taken[receiver] = taken + 1;
        }
        return new Place(this, receiver);
    }

    private void Leave(string receiver)
    {
        lock (_taken)
            if (--_taken[receiver] == 0) _taken.Remove(receiver);
    }

    private sealed class Place(ReceiverPlaces owner, string receiver) : IDisposable
    {
        public void Dispose() => owner.Leave(receiver);
    }
}
