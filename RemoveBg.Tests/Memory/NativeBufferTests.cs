using RemoveBg.Core.Memory;

namespace RemoveBg.Tests.Memory;

public sealed class NativeBufferTests
{
    [Test]
    public void Pinned_memory_is_freed_when_it_is_unpinned()
    {
        var buffer = new NativeBuffer(100);
        var first = buffer.Memory.Pin();
        var second = buffer.Memory.Pin();

        ((IDisposable)buffer).Dispose();
        ((IDisposable)buffer).Dispose();
        Assert.That(buffer.IsFreed, Is.False, "two pins");
        first.Dispose();
        first.Dispose();
        Assert.That(buffer.IsFreed, Is.False, "one pin");
        second.Dispose();
        Assert.That(buffer.IsFreed, Is.True, "no pin");
    }

    [Test]
    public void Memory_without_pins_is_freed_at_once_and_cannot_be_used_again()
    {
        var buffer = new NativeBuffer(100);
        var memory = buffer.Memory;

        ((IDisposable)buffer).Dispose();
        Assert.That(buffer.IsFreed, Is.True);
        Assert.That(() => memory.Pin(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => memory.Span.Length, Throws.TypeOf<ObjectDisposedException>());
    }
}
