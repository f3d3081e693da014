using ImageMagick;

namespace RemoveBg.Tests.Given;

/// <summary>Shows what ImageMagick still reads under the policy of its environment.</summary>
internal static class PolicyProbe
{
    /// <summary>Reads each name or file by ImageMagick's own guess, and prints "read" or the refusal.</summary>
    public static int Run(string[] names)
    {
        foreach (var name in names)
        {
            try
            {
                using var image = new MagickImage(name);
                Console.WriteLine("read");
            }
            catch (MagickException refused)
            {
                Console.WriteLine($"refused: {refused.Message.ReplaceLineEndings(" ")}");
            }
        }
        return 0;
    }
}
