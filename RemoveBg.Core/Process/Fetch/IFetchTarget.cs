namespace RemoveBg.Core.Process.Fetch;

/// <summary>Receives the bytes of a download.</summary>
public interface IFetchTarget
{
    /// <summary>Number of bytes so far.</summary>
    int Length { get; }

    /// <summary>Room for the next bytes; never empty.</summary>
    Memory<byte> Free { get; }

    /// <summary>Takes bytes that were written to <see cref="Free"/>.</summary>
    Task AdvanceAsync(int count);

    /// <summary>Ends the file.</summary>
    Task CompleteAsync();
}
