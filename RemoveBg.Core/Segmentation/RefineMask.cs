using System.Numerics.Tensors;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>
/// Where the network is unsure, its surroundings of the same colour decide: a few mean-field steps (Krähenbühl and
/// Koltun, "Efficient Inference in Fully Connected CRFs", NIPS 2011, with a guided filter for the messages), on the
/// network's own grid. Takes haze off and moves borders to edges; a photo without a subject stays empty.
/// </summary>
internal static class RefineMask
{
    private const int Steps = 2;

    /// <summary>How it settles a photo in which the network is sure by and large: what is soft
    /// there is mostly soft in truth.</summary>
    private static readonly Strength Light = new(Radius: 8, Coupling: 2, Prior: 0);

    /// <summary>And one in which it is in doubt: there softness is haze, and it has left
    /// out more than it has added.</summary>
    private static readonly Strength Firm = new(Radius: 16, Coupling: 4, Prior: 0.5f);

    /// <summary>How sure the network is taken to be at the most: beyond this its surroundings
    /// could never change a pixel.</summary>
    private const float Surest = 0.99f;

    private const float Epsilon = 1e-3f;

    /// <summary>Changes <see cref="Tensors.Output"/> in place.</summary>
    /// <param name="inDoubt">Whether the network was in <see cref="Uncertainty.Much">much
    /// doubt</see> at first sight.</param>
    public static void Run(Tensors tensors, bool inDoubt)
    {
        var strength = inDoubt ? Firm : Light;
        using var planes = new FloatPlanes(tensors.Size, tensors.Size);
        using var filter =
            new GuidedFilter(tensors.Pixels, planes, Math.Max(1, strength.Radius * tensors.Size / 320), Epsilon);
        using var room = planes.Rent();
        PlaneChannel now = new(room, 0), filtered = new(room, 1);
        Span<float> alpha = now.Span, around = filtered.Span, own = tensors.Scratch;
        // Log-odds against the subject.
        for (var i = 0; i < own.Length; i++) own[i] = 1 / Math.Clamp(tensors.Output[i], 1 - Surest, Surest) - 1;
        TensorPrimitives.Log(own, own);
        TensorPrimitives.Subtract(own, strength.Prior, own);
        TensorPrimitives.Negate(own, alpha);
        TensorPrimitives.Sigmoid(alpha, alpha);
        for (var step = 0; step < Steps; step++)
        {
            filter.Run(now, filtered);
            for (var i = 0; i < own.Length; i++) alpha[i] = strength.Coupling * (2 * around[i] - 1) - own[i];
            TensorPrimitives.Sigmoid(alpha, alpha);
        }
        alpha.CopyTo(tensors.Output);
    }

    /// <param name="Radius">Of the windows, on a grid of 320 points.</param>
    /// <param name="Coupling">Weight of the surroundings against the network's own log-odds: more takes more haze off,
    /// and with it what is faint in truth, such as glass (docs/measurements.md).</param>
    /// <param name="Prior">Log-odds in the subject's favour.</param>
    private readonly record struct Strength(int Radius, float Coupling, float Prior);
}
