using System.Numerics.Tensors;

namespace RemoveBg.Core.Process.Pipeline;

/// <summary>
/// Moves a matte to what the photo's colours allow (closed-form matting, Levin et al. 2008): alpha becomes as nearly a linear function of the
/// colour in every window as it can while it is held where it is sure. A few steps of conjugate gradients; each costs one run of
/// the guided filter (He et al. 2010). Edges and hair come to lie where the photo has them; a wrong subject stays wrong.
/// </summary>
internal static class ClosedForm
{
    private const int Steps = 3;

    /// <summary>How firmly a sure alpha is held, against all the windows that it lies in.</summary>
    private const float Hold = 1;

    /// <summary>Held at least this much, so that what is nowhere sure does not drift.</summary>
    private const float Least = 1e-3f;

    /// <param name="filter">Over the photo's colours, with the windows in which alpha is to be linear.</param>
    /// <param name="alpha">0 to 1; changed in place, a little beyond that range too.</param>
    public static void Run(GuidedFilter filter, Scalars alpha, ColourPlanes planes)
    {
        using ColourPlane one = planes.Rent(), two = planes.Rent();
        Scalars hold = new(one, 0), precision = new(one, 1), residual = new(one, 2), direction = new(one, 3), applied = new(two, 0), scaled = new(two, 1);
        Holds(filter, alpha.Span, hold.Span, precision.Span);

        // Begun at the matte itself, the residual is what the Laplacian finds wrong with it.
        filter.Laplacian(alpha, residual);
        TensorPrimitives.Negate(residual.Span, residual.Span);
        TensorPrimitives.Multiply(residual.Span, precision.Span, direction.Span);
        var size = TensorPrimitives.Dot<float>(residual.Span, direction.Span);
        for (var step = 0; step < Steps && size > 0; step++)
        {
            filter.Laplacian(direction, applied);
            TensorPrimitives.MultiplyAdd(hold.Span, direction.Span, applied.Span, applied.Span);
            var length = size / TensorPrimitives.Dot<float>(direction.Span, applied.Span);
            TensorPrimitives.MultiplyAdd(direction.Span, length, alpha.Span, alpha.Span);
            TensorPrimitives.MultiplyAdd(applied.Span, -length, residual.Span, residual.Span);
            TensorPrimitives.Multiply(residual.Span, precision.Span, scaled.Span);
            var next = TensorPrimitives.Dot<float>(residual.Span, scaled.Span);
            TensorPrimitives.MultiplyAdd(direction.Span, next / size, scaled.Span, direction.Span);
            size = next;
        }
    }

    /// <summary>What each sample is held with, n·(|2a - 1|⁸ + least), and the reciprocal of about the diagonal of the system.</summary>
    private static void Holds(GuidedFilter filter, ReadOnlySpan<float> alpha, Span<float> hold, Span<float> precision)
    {
        filter.WindowSizes(precision);
        TensorPrimitives.Multiply(alpha, 2, hold);
        TensorPrimitives.Add(hold, -1, hold);
        for (var power = 1; power < 8; power *= 2) TensorPrimitives.Multiply(hold, hold, hold);
        TensorPrimitives.Add(hold, Least, hold);
        TensorPrimitives.Multiply(hold, Hold, hold);
        TensorPrimitives.Multiply(hold, precision, hold);
        TensorPrimitives.MultiplyAdd(precision, 0.5f, hold, precision);
        TensorPrimitives.Reciprocal<float>(precision, precision);
    }
}
