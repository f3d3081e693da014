using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Segmentation;

public sealed class UncertaintyTests
{
    [Test]
    public void Without_haze_there_is_no_doubt_whether_there_is_a_subject_or_none() => Assert.Multiple(() =>
    {
        Assert.That(Uncertainty.Of([0, 0, 1, 1]), Is.Zero);
        Assert.That(Uncertainty.Of([0, 0.05f, 0, 0]), Is.Zero);
        Assert.That(Uncertainty.ToConfidence(0), Is.EqualTo(1));
    });

    [Test]
    public void Doubt_is_the_soft_area_over_the_subjects()
    {
        // Two of four are soft, two of four are more than half.
        Assert.That(Uncertainty.Of([0, 0.3f, 0.7f, 1]), Is.EqualTo(1));
        Assert.That(Uncertainty.ToConfidence(1), Is.EqualTo(0.5));
    }

    [Test]
    public void Nothing_but_haze_is_much_doubt_and_not_infinite() =>
        Assert.That(Uncertainty.Of(Enumerable.Repeat(0.4f, 100).ToArray()), Is.EqualTo(100).Within(1e-9));
}
