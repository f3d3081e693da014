using Microsoft.AspNetCore.Http;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Clients;

/// <summary>Pages that stand in for a service in trouble, each below a name of its own that a client takes for the
/// service's address.</summary>
internal static class ServiceInTrouble
{
    private const string Submit = "/v2/artworks/remove-background";

    public static void Serve(Caller caller)
    {
        Twice(caller, "/busy" + Submit, context => AnswerAsync(context, 429, Error, retryAfter: 1), AcceptAsync);
        Twice(caller, "/failing" + Submit, context => AnswerAsync(context, 500, Error), AcceptAsync);
        Twice(caller, "/unavailable/v2/artworks/batch", context => AnswerAsync(context, 503, ""),
            context => AnswerAsync(context, 202, $$"""{"items":[{{Artwork("starting")}}]}"""));
        Twice(caller, "/closing" + Submit, CloseAsync, AcceptAsync);
        caller.ServePage("/patient" + Submit, context => AnswerAsync(context, 429, Error, retryAfter: 3600));
        caller.ServePage("/hopeless" + Submit, context => AnswerAsync(context, 503, ""));
        caller.ServePage("/silent" + Submit,
            context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        Twice(caller, "/deleting/v2/artworks/1", CloseAsync, context => AnswerAsync(context, 404, Error));

        var result = Twice(caller, "/result", async context =>
        {
            context.Response.ContentLength = 10;
            await context.Response.WriteAsync("01234");
            await context.Response.Body.FlushAsync();
            context.Abort();
        }, context => AnswerAsync(context, context.Request.Headers.Authorization.Count == 0 ? 200 : 400, "0123456789"));
        caller.ServePage("/storing/v2/artworks/1",
            context => AnswerAsync(context, 200, Artwork("succeeded", $"\"{result}\"")));

        Twice(caller, "/polling/v2/artworks/1",
            context => AnswerAsync(context, 200, Artwork("processing"), retryAfter: 3),
            context => AnswerAsync(context, 200, Artwork("succeeded")));
        caller.ServePage("/breaking/v2/artworks/1/events", async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync($"event: status\ndata: {Artwork("processing")}\n\nevent: sta");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        caller.ServePage("/breaking/v2/artworks/1", context => AnswerAsync(context, 200, Artwork("succeeded")));
        caller.ServePage("/endless/v2/artworks/1",
            context => AnswerAsync(context, 200, Artwork("processing"), retryAfter: 1));
        caller.ServePage("/broken/v2/artworks/1", context => AnswerAsync(context, 200, Artwork("failed")));

        caller.ServeHeld(Repo.Sample("scene-toycar.jpg"));
        caller.ServePage("/last-webhook", context =>
        {
            var last = caller.Deliveries.Last();
            return context.Response.WriteAsJsonAsync(new
            {
                headers = new Dictionary<string, string> { ["webhook-id"] = last.Id,
                    ["webhook-timestamp"] = last.Timestamp, ["webhook-signature"] = last.Signature },
                body = Convert.ToBase64String(last.Body),
            });
        });
    }

    private const string Error = """{"message":"Try again later.","statusCode":503,"error":"Unavailable"}""";

    private static string Artwork(string status, string results = "") => $$"""
        {"id":"1","artworkType":"remove_background","parameters":{"imageUrl":"https://images.example.com/a.jpg",
        "webhook":null,"outputFormat":"auto"},"duration":0,"results":[{{results}}],"status":"{{status}}",
        "createdAt":"2026-11-22T15:51:28.071Z"{{(status == "failed"
            ? ""","error":{"code":"image_timeout","message":"Too slow."}""" : "")}}}
        """.ReplaceLineEndings("");

    private static Task AcceptAsync(HttpContext context) => AnswerAsync(context, 202, Artwork("starting"));

    private static Task CloseAsync(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    private static Task AnswerAsync(HttpContext context, int status, string body, int? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers.RetryAfter = $"{retryAfter}";
        return context.Response.WriteAsync(body);
    }

    /// <summary>Answers the first request in one way and all others in another, if they repeat its body and
    /// Idempotency-Key. A submission without a key gets 400.</summary>
    private static string Twice(Caller caller, string path, Func<HttpContext, Task> first,
        Func<HttpContext, Task> others)
    {
        (long Length, string Key)? seen = null;
        return caller.ServePage(path, async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var now = (body.Length, context.Request.Headers["Idempotency-Key"].ToString());
            var isFirst = seen is null;
            seen ??= now;
            if (HttpMethods.IsPost(context.Request.Method) && now.Item2.Length == 0)
                await AnswerAsync(context, 400, """{"message":"No Idempotency-Key.","statusCode":400}""");
            else if (seen != now)
                await AnswerAsync(context, 400, """{"message":"Another request than before.","statusCode":400}""");
            else await (isFirst ? first : others)(context);
        });
    }
}
