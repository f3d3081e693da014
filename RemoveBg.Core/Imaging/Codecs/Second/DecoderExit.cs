namespace RemoveBg.Core.Imaging.Codecs.Second;

/// <summary>Exit codes of RemoveBg.Decoder, which is compiled with this file. The numbers are those of
/// sysexits(3).</summary>
internal enum DecoderExit
{
    Decoded = 0,

    /// <summary>The file is damaged, incomplete, or takes more memory than it may.</summary>
    Corrupt = 65,

    /// <summary>The decoder does not work on this machine.</summary>
    Unusable = 69,
}
