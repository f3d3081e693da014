using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RemoveBg.Tests.Given;

/// <summary>The Bicep CLI as a process that takes requests (JSON-RPC over its standard streams): after the first one, a
/// prediction takes a tenth of the time. It ends with the tests, when its input closes.</summary>
internal static class BicepServer
{
    private const string LengthHeader = "Content-Length: ";
    private static readonly Lazy<Process> Started = new(Start);
    private static readonly Lock Gate = new();
    private static int s_calls;

    /// <returns>The result.</returns>
    public static JsonElement Call(string method, object parameters)
    {
        lock (Gate)
        {
            var bicep = Started.Value;
            var request = JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id = ++s_calls, method,
                @params = parameters });
            var input = bicep.StandardInput.BaseStream;
            input.Write(Encoding.ASCII.GetBytes($"{LengthHeader}{request.Length}\r\n\r\n"));
            input.Write(request);
            input.Flush();
            var response = JsonElement.Parse(Read(bicep.StandardOutput.BaseStream));
            Assert.That(response.TryGetProperty("error", out var error), Is.False, error.ToString());
            return response.GetProperty("result");
        }
    }

    private static Process Start()
    {
        var bicep = BicepCli.Start("jsonrpc", "--stdio");
        // Else it would wait once the pipe is full.
        bicep.BeginErrorReadLine();
        return bicep;
    }

    private static byte[] Read(Stream output)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append(output.ReadByte() is >= 0 and var next ? (char)next
                : throw new EndOfStreamException("Bicep ended without an answer."));
        var length = head.ToString().Split("\r\n")
            .Single(line => line.StartsWith(LengthHeader, StringComparison.Ordinal))[LengthHeader.Length..];
        var body = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
        output.ReadExactly(body);
        return body;
    }
}
