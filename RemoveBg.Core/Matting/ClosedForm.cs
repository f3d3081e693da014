using System.Numerics;
using System.Runtime.CompilerServices;
using RemoveBg.Core.Imaging;

namespace RemoveBg.Core.Matting;

/// <summary>
/// Fits a matte to the photo's colours by closed-form matting (Levin et al. 2008): makes alpha as close to a linear
/// function of the colour in each window as possible, while holding it where it is near 0 or 1.
/// </summary>
/// <remarks>
/// Runs a few steps of conjugate gradients, each of which costs one run of the guided filter (He et al. 2010). Edges
/// and hair move to where the photo has them; a wrong subject stays wrong.
/// </remarks>
internal static class ClosedForm
{
    private const int Steps = 3;

    /// <summary>Weight that holds an alpha of 0 or 1 in place, relative to all windows that contain it.</summary>
    private const float Hold = 1;

    /// <summary>Smallest such weight, so that a matte that is soft everywhere does not drift.</summary>
    private const float Least = 1e-3f;

    /// <summary>Fits the matte in place.</summary>
    /// <param name="filter">Guided filter over the photo's colours; alpha becomes linear in its windows.</param>
    /// <param name="alpha">Matte from 0 to 1; results may exceed that range a little.</param>
    public static void Run(GuidedFilter filter, PlaneChannel alpha, FloatPlanes planes)
    {
        using FloatPlane one = planes.Rent(), two = planes.Rent();
        PlaneChannel hold = new(one, 0), preconditioner = new(one, 1), residual = new(one, 2), direction = new(one, 3),
            applied = new(two, 0);
        SetWeights(filter, alpha.Span, hold.Span, preconditioner.Span);

        // Starting from the matte itself, the residual is the negated Laplacian of it.
        filter.Laplacian(alpha, residual);
        var size = Begin(residual.Span, preconditioner.Span, direction.Span);
        for (var step = 0; step < Steps && size > 0; step++)
        {
            filter.Laplacian(direction, applied);
            var length = size / Apply(hold.Span, direction.Span, applied.Span);
            var next = Advance(length, direction.Span, applied.Span, preconditioner.Span, alpha.Span, residual.Span);
            NextDirection(next / size, residual.Span, preconditioner.Span, direction.Span);
            size = next;
        }
    }

    /// <summary>Computes the weight that holds each sample, n·(|2a - 1|⁸ + least), and the preconditioner: the
    /// reciprocal of the system's approximate diagonal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SetWeights(GuidedFilter filter, ReadOnlySpan<float> alpha, Span<float> hold,
        Span<float> preconditioner)
    {
        filter.WindowSizes(hold);
        for (var i = 0; i < hold.Length; i++)
        {
            var n = hold[i];
            var certainty = 2 * alpha[i] - 1;
            certainty *= certainty;
            certainty *= certainty;
            hold[i] = Hold * n * (certainty * certainty + Least);
            preconditioner[i] = 1 / (n / 2 + hold[i]);
        }
    }

    /// <summary>Negates the residual and sets the first direction.</summary>
    /// <returns>The squared size of the residual, weighted by the preconditioner.</returns>
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

    /// <summary>Adds the holding weights times the direction to the Laplacian of the direction.</summary>
    /// <returns>The dot product of the direction and that sum.</returns>
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

    /// <summary>Advances by a step of this length along the direction.</summary>
    /// <returns>The squared size of the new residual, weighted by the preconditioner.</returns>
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

    /// <summary>Computes the next direction: the preconditioned residual plus a share of the last direction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void NextDirection(float share, ReadOnlySpan<float> residual, ReadOnlySpan<float> preconditioner,
        Span<float> direction)
    {
        var i = 0;
        for (; i <= direction.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(residual[i..]) * new Vector<float>(preconditioner[i..])
                + new Vector<float>(direction[i..]) * share).CopyTo(direction[i..]);
        for (; i < direction.Length; i++) direction[i] = residual[i] * preconditioner[i] + direction[i] * share;
    }
}
