using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RemoveBg.Tests.Given.Worker;

/// <summary>A function as the worker reported it.</summary>
/// <param name="Trigger">The trigger's binding from functions.metadata.</param>
internal sealed record WorkerFunction(string Name, string Id, JsonElement Trigger)
{
    public string TriggerParameter => Trigger.GetProperty("name").GetString()!;

    /// <summary>Null for functions without an HTTP trigger.</summary>
    public string? Route => Trigger.TryGetProperty("route", out var route) ? route.GetString() : null;
}

/// <summary>The worker's response to an invocation.</summary>
/// <param name="Exception">Message and stack trace; null if none was sent.</param>
internal sealed record InvocationOutcome(StatusResult.Types.Status Status, string? Exception)
{
    public bool IsSuccess => Status == StatusResult.Types.Status.Success;
}

/// <summary>An HTTP invocation: the response, and the outcome that the worker reports to the host.</summary>
internal sealed record HttpInvocation(string Id, HttpResponseMessage Response, Task<InvocationOutcome> Outcome)
    : IDisposable
{
    public void Dispose() => Response.Dispose();
}

/// <summary>
/// The Functions host's side of the worker protocol. Starts the published worker as a process of its own, loads its
/// functions and invokes them over gRPC, as the host on Azure does.
/// </summary>
internal sealed class WorkerPeer : IAsyncDisposable
{
    private const string InvocationIdHeader = "x-ms-invocation-id";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Channel<StreamingMessage> _toWorker = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _awaited = new();
    private readonly ConcurrentDictionary<string, Task<InvocationOutcome>> _outcomes = new();
    private readonly ConcurrentQueue<RpcLog> _logs = [];
    private readonly ConcurrentQueue<string> _output = [];
    private readonly WebApplication _server;
    private Process? _process;
    private HttpClient? _http;
    private int _calls;

    private WorkerPeer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        builder.Services.AddSingleton(new Endpoint(this));
        _server = builder.Build();
        _server.MapGrpcService<Endpoint>();
    }

    /// <summary>All functions of the app; each is loaded.</summary>
    public IReadOnlyList<WorkerFunction> Functions { get; private set; } = [];

    /// <summary>Address at which the worker listens for HTTP.</summary>
    public Uri Address => _http!.BaseAddress!;

    /// <summary>Capabilities in the worker's response to init.</summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; private set; } = new Dictionary<string, string>();

    /// <summary>Every log line that the worker sent to the host so far.</summary>
    public IReadOnlyList<RpcLog> Logs => [.. _logs];

    /// <summary>Bytes of these log lines on the wire.</summary>
    public long LogBytes => _logs.Sum(log => (long)log.CalculateSize());

    /// <summary>Invocations so far.</summary>
    public int Calls => _calls;

    /// <summary>Everything that the process has written to its console.</summary>
    public string Output => string.Join('\n', _output);

    /// <param name="folder">The published app.</param>
    /// <param name="storage">Connection string for AzureWebJobsStorage.</param>
    /// <param name="environment">Further app settings.</param>
    /// <exception cref="AssertionException">The worker did not start, or could not load a function.</exception>
    public static async Task<WorkerPeer> StartAsync(
        string folder, string storage, IReadOnlyDictionary<string, string>? environment = null)
    {
        var peer = new WorkerPeer();
        try
        {
            await peer._server.StartAsync();
            await peer.StartWorkerAsync(folder, storage, environment ?? new Dictionary<string, string>());
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    public WorkerFunction Function(string name) =>
        Functions.FirstOrDefault(function => function.Name == name)
        ?? throw new AssertionException($"The worker has no function {name}.");

    /// <summary>Invokes an HTTP function. The function's route reads the route values from the path.</summary>
    /// <param name="request">Request with a path relative to the worker's address, like <c>/v2/artworks</c>.</param>
    /// <param name="isStreamed">True returns the response as soon as its headers have arrived.</param>
    /// <param name="cancellationToken">The client leaves.</param>
    public async Task<HttpInvocation> InvokeHttpAsync(
        string function, HttpRequestMessage request, bool isStreamed = false,
        CancellationToken cancellationToken = default)
    {
        var target = Function(function);
        var invocation = new InvocationRequest();
        var path = request.RequestUri!.OriginalString.Split('?')[0];
        foreach (var (name, value) in RouteValues(target.Route!, path))
            invocation.TriggerMetadata[name] = new() { String = value };
        var outcome = InvokeAsync(target, invocation, new() { Http = new() });
        _outcomes[invocation.InvocationId] = outcome;

        request.Headers.Add(InvocationIdHeader, invocation.InvocationId);
        // The host's request is the parent of the worker's; it is not sampled.
        request.Headers.Add("traceparent", invocation.TraceContext.TraceParent);
        var until = isStreamed ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead;
        return new(invocation.InvocationId, await _http!.SendAsync(request, until, cancellationToken), outcome);
    }

    /// <summary>Announces an HTTP invocation whose request the caller then sends to <see cref="Address"/>.</summary>
    /// <returns>The request header that belongs to it, with its value.</returns>
    public (string Name, string Value) AnnounceHttp(string function)
    {
        var invocation = new InvocationRequest();
        var outcome = InvokeAsync(Function(function), invocation, new() { Http = new() });
        _outcomes[invocation.InvocationId] = outcome;
        return (InvocationIdHeader, invocation.InvocationId);
    }

    /// <summary>The outcome that the worker reports for a request, also after its client has left.</summary>
    public Task<InvocationOutcome> OutcomeAsync(HttpRequestMessage request) => _outcomes[IdOf(request)];

    /// <summary>Invokes a queue-triggered function.</summary>
    /// <param name="message">The message's text, decoded as host.json's messageEncoding says.</param>
    public Task<InvocationOutcome> InvokeQueueAsync(string function, string message) =>
        InvokeAsync(Function(function), new(), new() { String = message });

    /// <summary>Invokes a timer-triggered function.</summary>
    public Task<InvocationOutcome> InvokeTimerAsync(string function) =>
        InvokeAsync(Function(function), new(), new() { Json = """{"ScheduleStatus":null,"IsPastDue":false}""" });

    /// <summary>Asks the worker to cancel an invocation, as the host does when a client leaves.</summary>
    public void CancelInvocation(string id) =>
        _toWorker.Writer.TryWrite(new() { InvocationCancel = new() { InvocationId = id } });

    public void CancelInvocation(HttpRequestMessage request) => CancelInvocation(IdOf(request));

    /// <summary>Ends the worker by the protocol's terminate message.</summary>
    /// <returns>The process's exit code.</returns>
    /// <exception cref="TimeoutException">The worker still runs 10 s after its grace period.</exception>
    public async Task<int> TerminateAsync(TimeSpan gracePeriod)
    {
        var terminate = new WorkerTerminate { GracePeriod = Duration.FromTimeSpan(gracePeriod) };
        _toWorker.Writer.TryWrite(new() { WorkerTerminate = terminate });
        await _process!.WaitForExitAsync().WaitAsync(gracePeriod + TimeSpan.FromSeconds(10));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) _process.Kill();
        _process?.Dispose();
        _http?.Dispose();
        _toWorker.Writer.TryComplete();
        await _server.DisposeAsync();
    }

    private async Task StartWorkerAsync(
        string folder, string storage, IReadOnlyDictionary<string, string> environment)
    {
        var started = AwaitAsync("start");
        var url = new Uri(_server.Urls.First());
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        string[] arguments =
        [
            Path.Combine(folder, "RemoveBg.Functions.dll"),
            "--host", url.Host, "--port", $"{url.Port}", "--workerId", "worker", "--requestId", "request",
            "--grpcMaxMessageLength", $"{int.MaxValue}",
            "--functions-uri", $"{url}", "--functions-worker-id", "worker", "--functions-request-id", "request",
            "--functions-grpc-max-message-length", $"{int.MaxValue}",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = folder;
        start.Environment["FUNCTIONS_WORKER_DIRECTORY"] = folder;
        start.Environment["AzureWebJobsStorage"] = storage;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await UntilAnsweredAsync(started);

        var init = (await AskAsync("init", new() { WorkerInitRequest = InitRequest(folder) })).WorkerInitResponse;
        Check(init.Result, "init");
        Capabilities = init.Capabilities;
        _http = new() { BaseAddress = new(Capabilities["HttpUri"]) };
        var request = new StreamingMessage { FunctionsMetadataRequest = new() { FunctionAppDirectory = folder } };
        var metadata = (await AskAsync("metadata", request)).FunctionMetadataResponse;
        Functions = [.. await Task.WhenAll(metadata.FunctionMetadataResults.Select(LoadAsync))];
    }

    private static WorkerInitRequest InitRequest(string folder) => new()
    {
        HostVersion = "4.1037.0",
        WorkerDirectory = folder,
        FunctionAppDirectory = folder,
        Capabilities = { ["FunctionDataCache"] = "false" },
    };

    private async Task<WorkerFunction> LoadAsync(RpcFunctionMetadata function)
    {
        JsonElement? trigger = null;
        foreach (var raw in function.RawBindings)
        {
            using var document = JsonDocument.Parse(raw);
            var binding = document.RootElement.Clone();
            var isOut = binding.GetProperty("direction").GetString()!.Equals("out", StringComparison.OrdinalIgnoreCase);
            function.Bindings[binding.GetProperty("name").GetString()!] = new()
            {
                Type = binding.GetProperty("type").GetString(),
                Direction = isOut ? BindingInfo.Types.Direction.Out : BindingInfo.Types.Direction.In,
            };
            if (!isOut) trigger = binding;
        }
        var request = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function };
        var answer = await AskAsync($"load {function.FunctionId}", new() { FunctionLoadRequest = request });
        Check(answer.FunctionLoadResponse.Result, $"load of {function.Name}");
        return new(function.Name, function.FunctionId, trigger!.Value);
    }

    private async Task<InvocationOutcome> InvokeAsync(WorkerFunction function, InvocationRequest invocation,
        TypedData input)
    {
        Interlocked.Increment(ref _calls);
        invocation.InvocationId = Guid.NewGuid().ToString();
        invocation.FunctionId = function.Id;
        invocation.InputData.Add(new ParameterBinding { Name = function.TriggerParameter, Data = input });
        invocation.TraceContext = new()
        {
            TraceParent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00",
        };
        var key = $"call {invocation.InvocationId}";
        var result = (await AskAsync(key, new() { InvocationRequest = invocation })).InvocationResponse.Result;
        var exception = result.Exception is { } thrown ? $"{thrown.Message}\n{thrown.StackTrace}" : null;
        return new(result.Status, exception);
    }

    private static string IdOf(HttpRequestMessage request) => request.Headers.GetValues(InvocationIdHeader).Single();

    private static IEnumerable<(string Name, string Value)> RouteValues(string route, string path)
    {
        var values = new RouteValueDictionary();
        new TemplateMatcher(TemplateParser.Parse(route), []).TryMatch(path, values);
        return values.Where(pair => pair.Value is not null).Select(pair => (pair.Key, pair.Value!.ToString()!));
    }

    private Task<StreamingMessage> AskAsync(string key, StreamingMessage message)
    {
        var answer = AwaitAsync(key);
        message.RequestId = Guid.NewGuid().ToString();
        _toWorker.Writer.TryWrite(message);
        return UntilAnsweredAsync(answer);
    }

    private Task<StreamingMessage> AwaitAsync(string key) =>
        _awaited.GetOrAdd(key, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private async Task<StreamingMessage> UntilAnsweredAsync(Task<StreamingMessage> answer)
    {
        var exited = _process!.WaitForExitAsync();
        if (await Task.WhenAny(answer, exited).WaitAsync(Patience) == exited)
            throw new AssertionException($"The worker exited with {_process.ExitCode}:\n{Output}");
        return await answer;
    }

    private static void Check(StatusResult result, string what)
    {
        if (result.Status == StatusResult.Types.Status.Success) return;
        throw new AssertionException($"{what} failed: {result.Exception?.Message}\n{result.Exception?.StackTrace}");
    }

    private void Hear(string? line)
    {
        if (line is not null) _output.Enqueue(line);
    }

    private void Receive(StreamingMessage message)
    {
        var key = message.ContentCase switch
        {
            StreamingMessage.ContentOneofCase.StartStream => "start",
            StreamingMessage.ContentOneofCase.WorkerInitResponse => "init",
            StreamingMessage.ContentOneofCase.FunctionMetadataResponse => "metadata",
            StreamingMessage.ContentOneofCase.FunctionLoadResponse => $"load {message.FunctionLoadResponse.FunctionId}",
            StreamingMessage.ContentOneofCase.InvocationResponse => $"call {message.InvocationResponse.InvocationId}",
            _ => null,
        };
        if (message.ContentCase == StreamingMessage.ContentOneofCase.RpcLog) _logs.Enqueue(message.RpcLog);
        else if (key is not null && _awaited.TryRemove(key, out var waiter)) waiter.TrySetResult(message);
    }

    private sealed class Endpoint(WorkerPeer peer) : FunctionRpc.FunctionRpcBase
    {
        public override async Task EventStream(
            IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream,
            ServerCallContext context)
        {
            var sending = SendAsync(responseStream, context.CancellationToken);
            await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken)) peer.Receive(message);
            peer._toWorker.Writer.TryComplete();
            await sending;
        }

        private async Task SendAsync(IServerStreamWriter<StreamingMessage> worker, CancellationToken cancellationToken)
        {
            await foreach (var message in peer._toWorker.Reader.ReadAllAsync(cancellationToken))
                await worker.WriteAsync(message, cancellationToken);
        }
    }
}
