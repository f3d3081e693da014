using System.Numerics.Tensors;
using RemoveBg.Core.Process.Model;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>
/// Where the network is unsure, its surroundings of the same colour decide: a few mean-field steps (Krähenbühl and Koltun,
/// "Efficient Inference in Fully Connected CRFs", NIPS 2011, with a guided filter for the messages), on the network's own grid.
/// Takes haze off and moves borders to edges; a photo without a subject stays empty.
/// </summary>
internal static class Settle
{
    /// <summary>Of the windows, on a grid of 320 points.</summary>
    private const int Radius = 8;

    private const int Steps = 2;

    /// <summary>Weight of the surroundings against the network's own log-odds: more takes more haze off, and with it what is faint in truth, such as
    /// glass (docs/measurements.md).</summary>
    private const float Coupling = 2;

    /// <summary>How sure the network is taken to be at the most: beyond this its surroundings could never change a pixel.</summary>
    private const float Surest = 0.99f;

    private const float Epsilon = 1e-3f;

    /// <summary>Changes <see cref="Tensors.Output"/> in place.</summary>
    public static void Run(Tensors tensors)
    {
        using var planes = new ColourPlanes(tensors.Size, tensors.Size);
        using var filter = new GuidedFilter(tensors.Pixels, planes, Math.Max(1, Radius * tensors.Size / 320), Epsilon);
        using var room = planes.Rent();
        Scalars now = new(room, 0), filtered = new(room, 1);
        Span<float> alpha = now.Span, around = filtered.Span, own = tensors.Scratch;
        tensors.Output.CopyTo(alpha);
        // Log-odds against it.
        for (var i = 0; i < own.Length; i++) own[i] = 1 / Math.Clamp(alpha[i], 1 - Surest, Surest) - 1;
        TensorPrimitives.Log(own, own);
        for (var step = 0; step < Steps; step++)
        {
            filter.Run(now, filtered);
            for (var i = 0; i < own.Length; i++) alpha[i] = Coupling * (2 * around[i] - 1) - own[i];
            TensorPrimitives.Sigmoid(alpha, alpha);
        }
        alpha.CopyTo(tensors.Output);
    }
}
