using System.Runtime.InteropServices;
using System.Text;

namespace RemoveBg.Tests.Given;

/// <summary>
/// Writes small ONNX files (onnx.proto3, by field numbers): networks for tests with predictable outputs.
/// </summary>
internal static class OnnxFile
{
    /// <summary>ONNX's number of a type: 32-bit or 16-bit floats.</summary>
    public const int Float = 1, Half = 10;

    /// <param name="size">Side of the input <c>image</c>, 1×3×size×size, and of the output <c>alpha</c>.</param>
    /// <param name="parts">Results of <see cref="Node"/> and <see cref="Constant"/>.</param>
    /// <returns>A model of operator set 13.</returns>
    public static byte[] Model(int size, params byte[][] parts) => Model(size, size, Float, Float, parts);

    /// <param name="width">Width of the input <c>image</c> and the output <c>alpha</c>; null for any.</param>
    /// <param name="height">Their height; null for any.</param>
    /// <param name="inputType"><see cref="Float"/> or <see cref="Half"/>.</param>
    /// <param name="outputType"><see cref="Float"/> or <see cref="Half"/>.</param>
    /// <inheritdoc cref="Model(int, byte[][])"/>
    public static byte[] Model(int? width, int? height, int inputType, int outputType, params byte[][] parts)
    {
        var graph = Join([.. parts, Text(2, "test"), Block(11, Tensor("image", inputType, 3, height, width)),
            Block(12, Tensor("alpha", outputType, 1, height, width))]);
        return Join(Number(1, 7), Block(7, graph), Block(8, Number(2, 13)));
    }

    public static byte[] Node(string type, IEnumerable<string> inputs, string output, params byte[][] attributes) =>
        Block(1, Join([.. inputs.Select(input => Text(1, input)), Text(2, output), Text(4, type),
            .. attributes.Select(attribute => Block(5, attribute))]));

    /// <summary>An initializer of floats.</summary>
    public static byte[] Constant(string name, int[] shape, float[] values) =>
        Block(5, Join([.. shape.Select(side => Number(1, side)), Number(2, 1), Text(8, name),
            Block(9, MemoryMarshal.AsBytes<float>(values).ToArray())]));

    /// <summary>An attribute of one whole number.</summary>
    public static byte[] Attribute(string name, int value) => Join(Text(1, name), Number(3, value), Number(20, 2));

    /// <summary>An attribute of one float.</summary>
    public static byte[] Attribute(string name, float value) =>
        Join(Text(1, name), Varint(2 << 3 | 5), BitConverter.GetBytes(value), Number(20, 1));

    /// <summary>An attribute of a list of whole numbers.</summary>
    public static byte[] Attribute(string name, params int[] values) =>
        Join([Text(1, name), .. values.Select(value => Number(8, value)), Number(20, 7)]);

    private static byte[] Tensor(string name, int type, int channels, int? height, int? width)
    {
        (int? Side, string Name)[] sides = [(1, ""), (channels, ""), (height, "height"), (width, "width")];
        var shape = sides.Select(it => Block(1, it.Side is { } side ? Number(1, side) : Text(2, it.Name)));
        return Join(Text(1, name), Block(2, Block(1, Join(Number(1, type), Block(2, Join([.. shape]))))));
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
