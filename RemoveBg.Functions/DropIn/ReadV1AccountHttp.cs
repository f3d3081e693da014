using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using RemoveBg.Core.Access;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions.DropIn;

/// <summary>Serves remove.bg's account route, which clients ask for their balance before they start.</summary>
public sealed class ReadV1AccountHttp(ApiEndpoint api, TimeProvider clock)
{
    /// <summary>Credits of every account: nothing is charged. The largest number that any client can read.</summary>
    private const int Unlimited = int.MaxValue;

    private static readonly V1Account Account = new(new(new(
        new(Unlimited, Subscription: 0, PayAsYouGo: Unlimited, Enterprise: 0), new(Unlimited, Sizes: "all"))));

    [Function("ReadV1Account")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v1.0/account")] HttpRequest request,
            CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Read,
            (_, _) => Task.FromResult(Answers.Json(Account, V1Json.Default.V1Account)), cancellationToken,
            style: new V1Errors(clock));
}

internal sealed record V1Account(V1AccountData Data);

internal sealed record V1AccountData(V1AccountAttributes Attributes);

internal sealed record V1AccountAttributes(V1Credits Credits, V1Calls Api);

internal sealed record V1Credits(int Total, int Subscription, [property: JsonPropertyName("payg")] int PayAsYouGo,
    int Enterprise);

internal sealed record V1Calls([property: JsonPropertyName("free_calls")] int FreeCalls, string Sizes);
