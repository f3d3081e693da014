using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using RemoveBg.Core.Access;
using RemoveBg.Core.DropIn;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.Core.Submit;
using RemoveBg.Functions.Http;

namespace RemoveBg.Functions.DropIn;

/// <summary>Serves remove.bg's route, so that its clients only change the host name.</summary>
public sealed class RemoveBgV1Http(ApiEndpoint api, BodyReader bodies, RemoveBgV1Request requests,
    RemoveBgV1 removeBg, WaitingRequests waiting, IOptions<FetchOptions> limits, TimeProvider clock)
{
    /// <summary>Largest body, in bytes: a file of 25 MiB in base64, and the other fields.</summary>
    public const int LargestBody = MemoryBudget.LargestBody;

    [Function("RemoveBgV1")]
    public Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1.0/removebg")] HttpRequest request,
            CancellationToken cancellationToken) =>
        api.AnswerAsync(request, Scopes.Write, async (key, cancellationToken) =>
        {
            using var place = waiting.Begin(key);
            if (!request.HasFormContentType)
                RequestBody.RequireJson(request, "multipart/form-data or application/x-www-form-urlencoded");
            using var body = await bodies.ReadAsync(request, key, LargestBody, cancellationToken);
            var form = request.HasFormContentType
                ? await RequestForm.ParseAsync(request, body, cancellationToken) : RequestForm.ParseJson(body);
            var wanted = requests.Parse(form.Texts, form.Files, form.LongTexts);
            CheckSize(wanted.InlineImage);
            CheckSize(wanted.InlineBackground);
            var done = await removeBg.RemoveAsync(key, wanted, body, cancellationToken);
            return Answer(request, done);
        }, cancellationToken, submissions: 1, new V1Errors(clock));

    private static IResult Answer(HttpRequest request, V1Result done)
    {
        var place = done.Place;
        var headers = request.HttpContext.Response.Headers;
        foreach (var (name, value) in new (string, int)[]
        {
            ("X-Width", place.Width), ("X-Height", place.Height), ("X-Credits-Charged", 0),
                ("X-Foreground-Top", place.SubjectTop),
            ("X-Foreground-Left", place.SubjectLeft), ("X-Foreground-Width", place.SubjectWidth),
                ("X-Foreground-Height", place.SubjectHeight),
        }) headers[name] = value.ToString(CultureInfo.InvariantCulture);
        // remove.bg's value for an unclassified subject.
        headers["X-Type"] = "other";
        return new V1ImageResult(done, inJson: request.GetTypedHeaders().Accept
            .Any(type => type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)));
    }

    private void CheckSize(InlineImage? image)
    {
        if (image?.Content.ToMemory().Length > limits.Value.MaxBytes)
            throw new V1Exception(400, new V1Problem("File size too large", "file_size_too_large",
                $"The file may have at most {limits.Value.MaxBytes:N0} bytes."));
    }
}
