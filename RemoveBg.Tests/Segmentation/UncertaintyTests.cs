using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Segmentation;

public sealed class UncertaintyTests
{
    [Test]
    public void Without_haze_uncertainty_is_zero_with_and_without_a_subject() => Assert.Multiple(() =>
    {
        Assert.That(Uncertainty.Of([0, 0, 1, 1]), Is.Zero);
        Assert.That(Uncertainty.Of([0, 0.05f, 0, 0]), Is.Zero);
        Assert.That(Uncertainty.ToConfidence(0), Is.EqualTo(1));
    });

    [Test]
    public void Uncertainty_is_the_soft_area_over_the_subject_area()
    {
        // Two of four are soft, and two of four are above one half.
        Assert.That(Uncertainty.Of([0, 0.3f, 0.7f, 1]), Is.EqualTo(1));
        Assert.That(Uncertainty.ToConfidence(1), Is.EqualTo(0.5));
    }

    [Test]
    public void Haze_alone_gives_large_but_finite_uncertainty() =>
        Assert.That(Uncertainty.Of(Enumerable.Repeat(0.4f, 100).ToArray()), Is.EqualTo(100).Within(1e-9));
}
