using System.Text;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Tests.Given;

/// <summary>A network of 1024 samples a side that needs about 400 MB for each run and 300 bytes on disk: its
/// input 32 times over, of which it takes the mean. A small node comes first, as in every real one: the
/// runtime never returns the first piece of memory that it took. Written as ONNX's protobuf by hand
/// (onnx.proto3), for want of a large real one.</summary>
internal static class LargeNetwork
{
    private const int Copies = 32, Size = 1024;

    /// <summary>Stands for IS-Net, which is fed the same.</summary>
    public static FoundModel WrittenTo(string folder)
    {
        var path = Path.Combine(folder, "large.onnx");
        File.WriteAllBytes(path, Model());
        return new(ModelManifest.Shipped.Find("isnet-general-use")!, path);
    }

    private static byte[] Model()
    {
        byte[] axis = Attribute("axis", Number(3, 1), type: 2), axes = Attribute("axes", Number(8, 1), type: 7);
        byte[] abs = Node("Abs", ["image"], "positive"),
            concat = Node("Concat", Enumerable.Repeat("positive", Copies), "copies", axis);
        var mean = Node("ReduceMean", ["copies"], "alpha", axes);
        var graph = Join(Block(1, abs), Block(1, concat), Block(1, mean), Text(2, "large"),
            Block(11, Tensor("image", 3)), Block(12, Tensor("alpha", 1)));
        return Join(Number(1, 7), Block(7, graph), Block(8, Number(2, 13)));
    }

    private static byte[] Node(string type, IEnumerable<string> inputs, string output, params byte[][] attributes) =>
        Join([.. inputs.Select(input => Text(1, input)), Text(2, output), Text(4, type),
            .. attributes.Select(attribute => Block(5, attribute))]);

    private static byte[] Attribute(string name, byte[] value, int type) =>
        Join(Text(1, name), value, Number(20, type));

    private static byte[] Tensor(string name, int channels)
    {
        var shape = new[] { 1, channels, Size, Size }.Select(side => Block(1, Number(1, side)));
        return Join(Text(1, name), Block(2, Block(1, Join(Number(1, 1), Block(2, Join([.. shape]))))));
    }

    private static byte[] Text(int field, string text) => Block(field, Encoding.ASCII.GetBytes(text));

    private static byte[] Block(int field, byte[] content) =>
        Join(Varint(field << 3 | 2), Varint(content.Length), content);

    private static byte[] Number(int field, int value) => Join(Varint(field << 3), Varint(value));

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];
}
