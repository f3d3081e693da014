namespace RemoveBg.Tests.Given;

/// <summary>Damages files.</summary>
internal static class Mutation
{
    /// <summary>Damages a file in one to five ways.</summary>
    /// <param name="other">Another file; its end may take the place of the first one's.</param>
    public static byte[] Of(byte[] original, byte[] other, Random random)
    {
        var file = original.ToArray();
        for (var rounds = random.Next(1, 6); rounds > 0 && file.Length > 16; rounds--)
            switch (random.Next(6))
            {
                case 0:
                    file[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[random.Next(Math.Min(64, file.Length))] = (byte)random.Next(256);
                    break;
                case 2:
                    Array.Resize(ref file, random.Next(16, file.Length));
                    break;
                case 3:
                    // Parsers trust lengths and sizes: set one to all ones or to zero.
                    Array.Fill(file, random.Next(2) == 0 ? (byte)0xFF : (byte)0, random.Next(file.Length - 4), 4);
                    break;
                case 4:
                    var (from, count) = (random.Next(file.Length / 2), random.Next(1, file.Length / 2));
                    file = [.. file[..from], .. file[(from + count)..]];
                    break;
                default:
                    var at = random.Next(file.Length);
                    file = [.. file[..at], .. other.AsSpan(random.Next(other.Length))];
                    break;
            }
        return file;
    }
}
