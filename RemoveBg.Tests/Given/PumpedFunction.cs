using System.Collections.Concurrent;
using System.Text;
using Microsoft.Azure.Functions.Worker;

namespace RemoveBg.Tests.Given;

/// <summary>A function for the pumps of the self-host; a test says what it does.</summary>
public sealed class PumpedFunction(PumpedFunction.Conduct conduct)
{
    public const string Queue = "pumped";

    [Function("Pumped")]
    public Task Run([QueueTrigger(Queue)] string message, CancellationToken cancellationToken)
    {
        conduct.Calls.Enqueue(message);
        return conduct.Body(message, cancellationToken);
    }

    [Function("Timed")]
    public Task Tick([TimerTrigger("0 */5 * * * *")] TimerInfo timer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        conduct.Calls.Enqueue("tick");
        return conduct.Body("tick", cancellationToken);
    }

    internal static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Calls of the function so far, and its work.</summary>
    public sealed class Conduct
    {
        public ConcurrentQueue<string> Calls { get; } = [];

        public Func<string, CancellationToken, Task> Body { get; set; } = (_, _) => Task.CompletedTask;
    }
}
