using System.Numerics;
using System.Runtime.CompilerServices;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Matting;

/// <summary>
/// Moves a matte to what the photo's colours allow (closed-form matting, Levin et al. 2008): alpha becomes as nearly
/// a linear function of the colour in every window as it can while it is held where it is sure. A few steps of
/// conjugate gradients; each costs one run of the guided filter (He et al. 2010). Edges and hair come to lie where
/// the photo has them; a wrong subject stays wrong.
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
    public static void Run(GuidedFilter filter, PlaneChannel alpha, FloatPlanes planes)
    {
        using FloatPlane one = planes.Rent(), two = planes.Rent();
        PlaneChannel hold = new(one, 0), preconditioner = new(one, 1), residual = new(one, 2), direction = new(one, 3),
            applied = new(two, 0);
        Holds(filter, alpha.Span, hold.Span, preconditioner.Span);

        // Begun at the matte itself, the residual is what the Laplacian finds wrong with it.
        filter.Laplacian(alpha, residual);
        var size = Begin(residual.Span, preconditioner.Span, direction.Span);
        for (var step = 0; step < Steps && size > 0; step++)
        {
            filter.Laplacian(direction, applied);
            var length = size / Apply(hold.Span, direction.Span, applied.Span);
            var next = Advance(length, direction.Span, applied.Span, preconditioner.Span, alpha.Span, residual.Span);
            Turn(next / size, residual.Span, preconditioner.Span, direction.Span);
            size = next;
        }
    }

    /// <summary>What each sample is held with, n·(|2a - 1|⁸ + least), and the reciprocal of about
    /// the diagonal of the system.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Holds(GuidedFilter filter, ReadOnlySpan<float> alpha, Span<float> hold,
        Span<float> preconditioner)
    {
        filter.WindowSizes(hold);
        for (var i = 0; i < hold.Length; i++)
        {
            var n = hold[i];
            var sure = 2 * alpha[i] - 1;
            sure *= sure;
            sure *= sure;
            hold[i] = Hold * n * (sure * sure + Least);
            preconditioner[i] = 1 / (n / 2 + hold[i]);
        }
    }

    /// <summary>Changes the residual's sign and sets the first direction.</summary>
    /// <returns>The residual's size: its product with itself, weighted.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Begin(Span<float> residual, ReadOnlySpan<float> preconditioner, Span<float> direction)
    {
        var sum = Vector<float>.Zero;
        var i = 0;
        for (; i <= residual.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var r = -new Vector<float>(residual[i..]);
            var d = r * new Vector<float>(preconditioner[i..]);
            r.CopyTo(residual[i..]);
            d.CopyTo(direction[i..]);
            sum += r * d;
        }
        var size = Vector.Sum(sum);
        for (; i < residual.Length; i++)
        {
            residual[i] = -residual[i];
            direction[i] = residual[i] * preconditioner[i];
            size += residual[i] * direction[i];
        }
        return size;
    }

    /// <summary>Adds what holds the direction to what the Laplacian made of it.</summary>
    /// <returns>The direction times that.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Apply(ReadOnlySpan<float> hold, ReadOnlySpan<float> direction, Span<float> applied)
    {
        var sum = Vector<float>.Zero;
        var i = 0;
        for (; i <= applied.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var d = new Vector<float>(direction[i..]);
            var all = new Vector<float>(applied[i..]) + new Vector<float>(hold[i..]) * d;
            all.CopyTo(applied[i..]);
            sum += d * all;
        }
        var product = Vector.Sum(sum);
        for (; i < applied.Length; i++)
        {
            applied[i] += hold[i] * direction[i];
            product += direction[i] * applied[i];
        }
        return product;
    }

    /// <summary>A step of this length along the direction.</summary>
    /// <returns>The size of what is left of the residual.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Advance(float length, ReadOnlySpan<float> direction, ReadOnlySpan<float> applied,
        ReadOnlySpan<float> preconditioner, Span<float> alpha, Span<float> residual)
    {
        var sum = Vector<float>.Zero;
        var i = 0;
        for (; i <= alpha.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(alpha[i..]) + new Vector<float>(direction[i..]) * length).CopyTo(alpha[i..]);
            var r = new Vector<float>(residual[i..]) - new Vector<float>(applied[i..]) * length;
            r.CopyTo(residual[i..]);
            sum += r * r * new Vector<float>(preconditioner[i..]);
        }
        var size = Vector.Sum(sum);
        for (; i < alpha.Length; i++)
        {
            alpha[i] += direction[i] * length;
            residual[i] -= applied[i] * length;
            size += residual[i] * residual[i] * preconditioner[i];
        }
        return size;
    }

    /// <summary>The next direction: the weighted residual and a share of the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(float share, ReadOnlySpan<float> residual, ReadOnlySpan<float> preconditioner,
        Span<float> direction)
    {
        var i = 0;
        for (; i <= direction.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(residual[i..]) * new Vector<float>(preconditioner[i..])
                + new Vector<float>(direction[i..]) * share).CopyTo(direction[i..]);
        for (; i < direction.Length; i++) direction[i] = residual[i] * preconditioner[i] + direction[i] * share;
    }
}
