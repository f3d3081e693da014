using System.Text;
using System.Web;
using Microsoft.AspNetCore.Http;

namespace RemoveBg.Tests.Given.Roles;

/// <summary>A request to a storage account.</summary>
/// <param name="Service">Blob, Queue or Table.</param>
/// <param name="Method">The HTTP method; that of X-HTTP-Method where a client tunnels it.</param>
/// <param name="Target">The path below the account.</param>
/// <param name="QueryString">With the question mark; empty if there is none.</param>
/// <param name="IsConditional">Whether it has If-Match.</param>
/// <param name="Body">Bytes as Latin-1.</param>
internal sealed record StorageCall(string Service, string Method, string Target, string QueryString, bool IsConditional,
    string Body)
{
    /// <param name="service">Blob, Queue or Table.</param>
    /// <param name="request">To an emulator, whose paths begin with the account.</param>
    /// <param name="body">Its body.</param>
    public static StorageCall Of(string service, HttpRequest request, byte[] body) => new(service,
        request.Headers.TryGetValue("X-HTTP-Method", out var method) ? method.ToString() : request.Method,
        request.Path.Value!.TrimStart('/').Split('/', 2) is [_, var target] ? target : "",
        request.QueryString.Value ?? "", request.Headers.ContainsKey("If-Match"), Encoding.Latin1.GetString(body));

    /// <returns>Empty if the parameter is missing.</returns>
    public string Query(string parameter) => HttpUtility.ParseQueryString(QueryString)[parameter] ?? "";
}
