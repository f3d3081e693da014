using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RemoveBg.Decoder;

/// <summary>The file to decode under a name, because ImageMagick reads HEIF by name only: on Linux in memory
/// (memfd_create(2)), elsewhere a temporary file.</summary>
internal sealed partial class InputFile : IDisposable
{
    private readonly SafeFileHandle _file;

    private InputFile(SafeFileHandle file, string path) => (_file, Path) = (file, path);

    public string Path { get; }

    public static InputFile Create()
    {
        if (OperatingSystem.IsLinux())
        {
            var descriptor = CreateInMemory("removebg-decoder", 0);
            if (descriptor < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
            return new(new(descriptor, ownsHandle: true), $"/proc/self/fd/{descriptor}");
        }
        var path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"removebg-decoder-{Guid.NewGuid():N}");
        return new(File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite), path);
    }

    /// <exception cref="EndOfStreamException">The stream ends early.</exception>
    public static InputFile Read(Stream from, int length)
    {
        var file = Create();
        var buffer = new byte[Math.Min(length, 1 << 20)];
        for (var at = 0; at < length;)
        {
            var count = Math.Min(buffer.Length, length - at);
            from.ReadExactly(buffer, 0, count);
            RandomAccess.Write(file._file, buffer.AsSpan(0, count), at);
            at += count;
        }
        return file;
    }

    /// <summary>Replaces the content.</summary>
    public void Write(ReadOnlySpan<byte> content)
    {
        RandomAccess.SetLength(_file, content.Length);
        RandomAccess.Write(_file, content, 0);
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!OperatingSystem.IsLinux()) File.Delete(Path);
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8,
        SetLastError = true)]
    private static partial int CreateInMemory(string name, uint flags);
}
