using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Clocks;
using RemoveBg.Core.Memory;
using RemoveBg.Core.Submit;

namespace RemoveBg.Functions.Http;

/// <summary>Receives request bodies: books the memory first, and limits length, time and slowness.</summary>
public sealed class BodyReader(MemoryBudget budget, IOptions<UploadOptions> options, RunningTime time)
{
    /// <summary>Receives a body.</summary>
    /// <param name="request">The request.</param>
    /// <param name="key">The caller's API key.</param>
    /// <param name="largest">Largest body, in bytes; at most <see cref="MemoryBudget.LargestBody"/>.</param>
    /// <param name="cancellationToken">Cancelled when the caller leaves.</param>
    /// <returns>The body; dispose it as soon as its images are stored.</returns>
    /// <exception cref="ApiException">400: too long, encoded, or it broke off. 408: too slow. 429: it found no memory,
    /// or had to give way.</exception>
    public async Task<BodyMemory> ReadAsync(HttpRequest request, ApiKey key, int largest,
        CancellationToken cancellationToken)
    {
        RequestBody.RequireNoEncoding(request);
        if (request.ContentLength > largest) throw RequestBody.TooLong(largest);
        // Without a length there is room for one byte too many, which tells a body that is too long.
        var room = (int?)request.ContentLength ?? largest + 1;
        var memory = await budget.BookBodyAsync(key.Id, Math.Max(1, room), cancellationToken);
        try
        {
            var length = await FillAsync(request, memory, room, cancellationToken);
            if (length > largest) throw RequestBody.TooLong(largest);
            memory.Arrived(length);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <returns>Number of bytes that have arrived.</returns>
    private async Task<int> FillAsync(HttpRequest request, BodyMemory memory, int room,
        CancellationToken cancellationToken)
    {
        var limits = options.Value;
        using var total = new CancellationTokenSource(limits.Timeout, time);
        using var slow = new CancellationTokenSource(limits.Window, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, total.Token, slow.Token, memory.GaveWay);
        var perWindow = limits.MinBytesPerSecond * limits.Window.TotalSeconds;
        try
        {
            // A token would leave the body unreadable, and a refused one is drained later.
            await using var stop = either.Token.UnsafeRegister(_ => request.BodyReader.CancelPendingRead(), null);
            var (length, inWindow) = (0, 0);
            while (length < room)
            {
                var result = await request.BodyReader.ReadAsync(CancellationToken.None);
                var arrived = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, room - length));
                var bytes = (int)arrived.Length;
                arrived.CopyTo(memory.Bytes.Span[length..]);
                request.BodyReader.AdvanceTo(arrived.End);
                either.Token.ThrowIfCancellationRequested();
                length += bytes;
                if (result.IsCompleted) break;
                if ((inWindow += bytes) < perWindow) continue;
                inWindow = 0;
                slow.CancelAfter(limits.Window);
            }
            return length;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            if (memory.GaveWay.IsCancellationRequested) throw MemoryBudget.Full(
                "The service needed the memory of this body, which arrived too slowly, for others.");
            throw new ApiException(StatusCodes.Status408RequestTimeout, total.IsCancellationRequested
                ? $"The body took longer than {limits.Timeout.TotalSeconds:0.#} s to arrive."
                : $"The body arrived too slowly: it must bring {limits.MinBytesPerSecond:N0} bytes per second, "
                    + $"averaged over {limits.Window.TotalSeconds:0.#} s.");
        }
        catch (Exception problem) when (problem is BadHttpRequestException or IOException)
        {
            throw ApiException.BadRequest("The body could not be read to its end.");
        }
    }
}
