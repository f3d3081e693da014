using System.Net.Sockets;
using System.Text;

namespace RemoveBg.Tests.Given;

/// <summary>Requests that no HTTP client sends: each character is one byte.</summary>
internal static class RawHttp
{
    /// <param name="host">Where to send it.</param>
    /// <param name="request">First line, headers and body; Host, Connection and Content-Length are added.</param>
    /// <param name="body">The body.</param>
    /// <returns>Status and the whole response.</returns>
    public static async Task<(int Status, string Response)> SendAsync(Uri host, string request, string body = "")
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Host, host.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"{request}\r\nHost: {host.Authority}\r\nConnection: close\r\n"
                + $"Content-Length: {body.Length}\r\n\r\n{body}"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var response = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (int.Parse(response.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), response);
    }
}
