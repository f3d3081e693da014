using System.Numerics.Tensors;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Segmentation;

/// <summary>
/// Refines a mask at the network's resolution: where alpha is uncertain, surrounding samples of the same colour decide.
/// Removes haze and moves the outline to edges; a photo without a subject stays empty.
/// </summary>
/// <remarks>
/// Runs a few mean-field steps (Krähenbühl and Koltun, "Efficient Inference in Fully Connected CRFs", NIPS 2011) with a
/// guided filter for the messages.
/// </remarks>
internal static class RefineMask
{
    private const int Steps = 2;

    /// <summary>Parameters up to <see cref="Uncertainty.Much"/>, where soft alpha is mostly right.</summary>
    private static readonly Strength Light = new(Radius: 8, Coupling: 2, Prior: 0);

    /// <summary>Parameters above <see cref="Uncertainty.Much"/>, where soft alpha is mostly haze, and the network has
    /// left out more than it has added.</summary>
    private static readonly Strength Firm = new(Radius: 16, Coupling: 4, Prior: 0.5f);

    /// <summary>Largest alpha to start from (the smallest is 1 minus this): beyond it, the surroundings could never
    /// change a sample.</summary>
    private const float MaxAlpha = 0.99f;

    private const float Epsilon = 1e-3f;

    /// <summary>Refines <see cref="Tensors.Output"/> in place.</summary>
    /// <param name="isVague">True if the network's first run was above <see cref="Uncertainty.Much"/>.</param>
    public static void Run(Tensors tensors, bool isVague)
    {
        var strength = isVague ? Firm : Light;
        using var planes = new FloatPlanes(tensors.Width, tensors.Height);
        using var filter =
            new GuidedFilter(tensors.Pixels, planes, Math.Max(1, strength.Radius * tensors.LongerSide / 320), Epsilon);
        using var scratch = planes.Rent();
        PlaneChannel now = new(scratch, 0), filtered = new(scratch, 1);
        Span<float> alpha = now.Span, around = filtered.Span, own = tensors.Scratch;
        // The network's own log-odds against the subject.
        for (var i = 0; i < own.Length; i++) own[i] = 1 / Math.Clamp(tensors.Output[i], 1 - MaxAlpha, MaxAlpha) - 1;
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

    /// <param name="Radius">Radius of the windows, in samples of a network of 320.</param>
    /// <param name="Coupling">Weight of the surroundings relative to the network's own log-odds. A higher one removes
    /// more haze, but also truly faint parts such as glass (docs/measurements.md).</param>
    /// <param name="Prior">Log-odds added in favour of the subject.</param>
    private readonly record struct Strength(int Radius, float Coupling, float Prior);
}
