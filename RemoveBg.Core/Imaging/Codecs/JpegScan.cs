using System.Buffers.Binary;

namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Counts the blocks of a JPEG file's scans (ITU-T T.81, annexes F and G), because the codec fills missing
/// ones with grey and reports success.</summary>
/// <remarks>Only codes are read: no coefficient is computed. Arithmetic coding and files with a height that comes later
/// (DNL) are not checked; they count as complete if they have an end marker.</remarks>
internal ref struct JpegScan
{
    private const int MostComponents = 4;

    /// <summary>Most scans and most tables of a file; programs write about ten. More would take long to read.</summary>
    private const int MostScans = 200, MostTables = 1000;

    private readonly ReadOnlySpan<byte> _file;
    private readonly HuffmanTable?[] _dc = new HuffmanTable?[4], _ac = new HuffmanTable?[4];
    private readonly Component[] _components = new Component[MostComponents];
    private int _at, _width, _height, _count, _restartInterval, _mcuWidth, _mcuHeight;
    private int _scans, _tables;
    private bool _isProgressive;

    private JpegScan(ReadOnlySpan<byte> file) => _file = file;

    /// <summary>Whether every block is there. The end marker may be missing.</summary>
    public static bool IsComplete(ReadOnlySpan<byte> file) => new JpegScan(file).Run();

    /// <summary>Whether an end-of-image marker follows the scan data (B.2.1). A thumbnail's own marker comes before the
    /// scan data and does not count.</summary>
    public static bool HasEnd(ReadOnlySpan<byte> file)
    {
        for (var rest = file[2..]; SkipToSegment(ref rest);)
        {
            if (rest[1] == 0xDA) return rest.LastIndexOf<byte>([0xFF, 0xD9]) >= 0;
            var step = 2 + BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (step > rest.Length) break;
            rest = rest[step..];
        }
        return false;
    }

    /// <summary>Returns the memory that decoding takes beside the pixels, in bytes per pixel: the coefficients of a
    /// file with several scans are kept until the last one (16 bits each), and this class keeps a bit of
    /// each.</summary>
    /// <param name="beginning">The file up to its first scan, or as much of it as there is.</param>
    /// <returns>0 for a file with one scan, which is decoded row by row.</returns>
    public static int BytesPerPixel(ReadOnlySpan<byte> beginning)
    {
        const double bytesPerSample = 2.3;
        var (isProgressive, components, samplesPerPixel) = (false, 0, 0.0);
        for (var rest = beginning[2..]; SkipToSegment(ref rest);)
        {
            var length = 2 + BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (rest[1] is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) && rest.Length >= 10)
            {
                (isProgressive, components) = ((rest[1] & 3) == 2, rest[9]);
                samplesPerPixel = SamplesPerPixel(rest[10..], components);
            }
            if (rest[1] == 0xDA) return isProgressive || rest.Length > 4 && rest[4] < components
                ? (int)Math.Ceiling(bytesPerSample * samplesPerPixel) : 0;
            if (length > rest.Length) break;
            rest = rest[length..];
        }
        return (int)Math.Ceiling(bytesPerSample * samplesPerPixel);
    }

    /// <summary>Skips what precedes the next segment: fill bytes, markers without content, and bytes that belong to
    /// nothing, over which the codec goes on, too.</summary>
    /// <returns>False at the end.</returns>
    private static bool SkipToSegment(ref ReadOnlySpan<byte> rest)
    {
        while (rest.IndexOf((byte)0xFF) is >= 0 and var at && rest.Length - at >= 4)
        {
            rest = rest[at..];
            if (rest[1] is not (0 or 0x01 or 0xFF or (>= 0xD0 and <= 0xD8))) return true;
            rest = rest[1..];
        }
        return false;
    }

    /// <summary>Counts the samples of all components; colour usually has fewer than one per pixel.</summary>
    private static double SamplesPerPixel(ReadOnlySpan<byte> components, int count)
    {
        var (sum, mostAcross, mostDown) = (0, 1, 1);
        for (var i = 0; i < count && 3 * i + 1 < components.Length; i++)
        {
            var (across, down) = (components[3 * i + 1] >> 4, components[3 * i + 1] & 15);
            sum += across * down;
            (mostAcross, mostDown) = (Math.Max(mostAcross, across), Math.Max(mostDown, down));
        }
        return (double)sum / (mostAcross * mostDown);
    }

    private bool Run()
    {
        _at = 2;
        while (NextMarker() is var marker and >= 0)
        {
            if (marker == 0xD9) return _count > 0 && HasAllScans(requireAllBits: false);
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8)) continue;
            if (_at + 2 > _file.Length) break;
            var length = BinaryPrimitives.ReadUInt16BigEndian(_file[_at..]);
            if (length < 2 || _at + length > _file.Length) break;
            var segment = _file.Slice(_at + 2, length - 2);
            _at += length;
            switch (marker)
            {
                case 0xC0 or 0xC1 or 0xC2:
                    _isProgressive = marker == 0xC2;
                    if (!ReadFrame(segment)) return HasEnd(_file);
                    break;
                case (>= 0xC3 and <= 0xCF) and not (0xC4 or 0xC8 or 0xCC):
                    return HasEnd(_file);
                case 0xC4:
                    if (!ReadTables(segment)) return false;
                    break;
                case 0xDD when segment.Length >= 2:
                    _restartInterval = BinaryPrimitives.ReadUInt16BigEndian(segment);
                    break;
                case 0xDA when _tables == 0:
                    // A frame of a Motion JPEG film uses the tables of annex K without having them.
                    return HasEnd(_file);
                case 0xDA:
                    if (_count == 0 || ++_scans > MostScans || !ReadScan(segment)) return false;
                    // Some files have several images; the first one is decoded.
                    if (!_isProgressive && HasAllScans(requireAllBits: true)) return true;
                    break;
            }
        }
        return _count > 0 && HasAllScans(requireAllBits: true);
    }

    /// <summary>Skips to the next marker.</summary>
    /// <returns>Its second byte; -1 at the end of the file.</returns>
    private int NextMarker()
    {
        while (_at + 1 < _file.Length)
        {
            var found = _file[_at..^1].IndexOf((byte)0xFF);
            if (found < 0) return -1;
            _at += found + 1;
            if (_file[_at] is var code and not (0 or 0xFF))
            {
                _at++;
                return code;
            }
        }
        return -1;
    }

    /// <summary>Whether each component was in a scan. If the end marker is missing, a progressive file must also have
    /// all bits of all coefficients, since nothing else tells that no scan is missing.</summary>
    private readonly bool HasAllScans(bool requireAllBits)
    {
        for (var i = 0; i < _count; i++)
            if (requireAllBits ? _components[i].Exact != ulong.MaxValue : _components[i].Exact == 0
                && !_components[i].WasScanned) return false;
        return true;
    }

    /// <returns>False if the frame is not one that can be checked.</returns>
    private bool ReadFrame(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 6 || _count > 0) return false;
        (_height, _width) = (BinaryPrimitives.ReadUInt16BigEndian(frame[1..]),
            BinaryPrimitives.ReadUInt16BigEndian(frame[3..]));
        var count = frame[5];
        if (frame[0] != 8 || _height == 0 || _width == 0 || count is 0 or > MostComponents
            || frame.Length < 6 + 3 * count) return false;
        int mostAcross = 1, mostDown = 1;
        for (var i = 0; i < count; i++)
        {
            var (across, down) = (frame[7 + 3 * i] >> 4, frame[7 + 3 * i] & 15);
            if (across is 0 or > 4 || down is 0 or > 4) return false;
            _components[i] = new() { Id = frame[6 + 3 * i], Across = across, Down = down };
            (mostAcross, mostDown) = (Math.Max(mostAcross, across), Math.Max(mostDown, down));
        }
        (_mcuWidth, _mcuHeight) = (Ceiling(_width, 8 * mostAcross), Ceiling(_height, 8 * mostDown));
        for (var i = 0; i < count; i++)
        {
            ref var component = ref _components[i];
            component.BlocksWide = Ceiling(Ceiling(_width * component.Across, mostAcross), 8);
            component.BlocksHigh = Ceiling(Ceiling(_height * component.Down, mostDown), 8);
            component.Stride = _mcuWidth * component.Across;
            // One bit for each coefficient that is known not to be zero.
            if (_isProgressive) component.NonZero = new ulong[component.Stride * _mcuHeight * component.Down];
        }
        _count = count;
        return true;
    }

    private bool ReadTables(ReadOnlySpan<byte> tables)
    {
        while (tables.Length >= 17)
        {
            var (kind, index) = (tables[0] >> 4, tables[0] & 15);
            var table = kind <= 1 && index <= 3 ? HuffmanTable.Read(tables[1..], out var length) : Nothing(out length);
            if (table is null || ++_tables > MostTables) return false;
            (kind == 0 ? _dc : _ac)[index] = table;
            tables = tables[(1 + length)..];
        }
        return tables.IsEmpty;

        static HuffmanTable? Nothing(out int length)
        {
            length = 0;
            return null;
        }
    }

    /// <summary>Reads a scan's header and all of its codes.</summary>
    /// <returns>False if blocks are missing or the codes make no sense.</returns>
    private bool ReadScan(ReadOnlySpan<byte> header)
    {
        if (header.Length < 1 || header[0] is 0 or > MostComponents || header.Length < 4 + 2 * header[0]) return false;
        Span<int> members = stackalloc int[header[0]];
        for (var i = 0; i < members.Length; i++)
        {
            members[i] = IndexOf(header[1 + 2 * i]);
            if (members[i] < 0) return false;
            ref var component = ref _components[members[i]];
            (component.Dc, component.Ac) = (_dc[header[2 + 2 * i] >> 4 & 3], _ac[header[2 + 2 * i] & 3]);
        }
        var rest = header[(1 + 2 * members.Length)..];
        var scan = _isProgressive ? new ScanKind(rest[0], Math.Min((int)rest[1], 63), rest[2] >> 4, rest[2] & 15)
            : new(0, 63, 0, 0);
        if (_isProgressive && scan.First > 0 && members.Length > 1) return false;

        var bits = new BitReader(_file[_at..]);
        var isComplete = members.Length == 1 ? ReadBlocks(ref bits, members[0], scan)
            : ReadInterleaved(ref bits, members, scan);
        _at += bits.Position;
        if (!isComplete) return false;
        var covered = scan.Last == 63 ? ulong.MaxValue << scan.First
            : (1UL << (scan.Last + 1)) - 1 & ulong.MaxValue << scan.First;
        foreach (var member in members)
        {
            _components[member].WasScanned = true;
            if (scan.Low == 0) _components[member].Exact |= covered;
        }
        return true;
    }

    private readonly int IndexOf(byte id)
    {
        for (var i = 0; i < _count; i++)
            if (_components[i].Id == id) return i;
        return -1;
    }

    /// <summary>Reads a scan of one component; its blocks are in rows (A.2.2).</summary>
    private readonly bool ReadBlocks(ref BitReader bits, int member, ScanKind scan)
    {
        ref var component = ref _components[member];
        var state = new ScanState { UntilRestart = _restartInterval };
        for (var y = 0; y < component.BlocksHigh; y++)
            for (var x = 0; x < component.BlocksWide; x++)
            {
                if (!Restart(ref bits, ref state)) return false;
                if (!state.IsBroken && !ReadBlock(ref bits, ref component, y * component.Stride + x, scan,
                    ref state.EobRun) && !Break(ref state)) return false;
            }
        return !state.IsBroken;
    }

    /// <summary>Reads a scan of several components; their blocks are in MCUs (A.2.3).</summary>
    private readonly bool ReadInterleaved(ref BitReader bits, scoped ReadOnlySpan<int> members, ScanKind scan)
    {
        var state = new ScanState { UntilRestart = _restartInterval };
        for (var y = 0; y < _mcuHeight; y++)
            for (var x = 0; x < _mcuWidth; x++)
            {
                if (!Restart(ref bits, ref state)) return false;
                foreach (var member in members)
                {
                    ref var component = ref _components[member];
                    for (var block = 0; block < component.Down * component.Across && !state.IsBroken; block++)
                    {
                        var (down, across) = Math.DivRem(block, component.Across);
                        if (!ReadBlock(ref bits, ref component, (y * component.Down + down) * component.Stride
                            + x * component.Across + across, scan, ref state.EobRun) && !Break(ref state)) return false;
                    }
                }
            }
        return !state.IsBroken;
    }

    /// <summary>Goes on without the rest of a restart interval that is damaged, as the codec does.</summary>
    /// <returns>False if nothing follows with which to go on.</returns>
    private readonly bool Break(ref ScanState state) => state.IsBroken = _restartInterval > 0;

    private readonly bool Restart(ref BitReader bits, ref ScanState state)
    {
        if (_restartInterval == 0 || state.UntilRestart-- > 0) return true;
        (state.UntilRestart, state.EobRun, state.IsBroken) = (_restartInterval - 1, 0, false);
        return bits.TryPassRestart(state.Restarts++ & 7);
    }

    private readonly bool ReadBlock(ref BitReader bits, ref Component component, int block, ScanKind scan,
        ref int eobRun)
    {
        if (!_isProgressive)
            return bits.TrySkipDc(component.Dc) && bits.TrySkipAc(component.Ac, 1, 63, ref eobRun, out _);
        if (scan.First == 0) return scan.High == 0 ? bits.TrySkipDc(component.Dc) : bits.TryTake(1, out _);
        ref var nonZero = ref component.NonZero![block];
        if (scan.High > 0)
            return bits.TryRefineAc(component.Ac, scan.First, scan.Last, ref eobRun, ref nonZero);
        if (eobRun > 0)
        {
            eobRun--;
            return true;
        }
        if (!bits.TrySkipAc(component.Ac, scan.First, scan.Last, ref eobRun, out var found)) return false;
        nonZero |= found;
        return true;
    }

    private static int Ceiling(int number, int divisor) => (number + divisor - 1) / divisor;

    /// <param name="First">First coefficient, 0 to 63 in zigzag order (Ss).</param>
    /// <param name="Last">Last coefficient (Se).</param>
    /// <param name="High">Bit that the scan before had as its lowest; 0 in a first scan (Ah).</param>
    /// <param name="Low">Lowest bit of this scan (Al).</param>
    private readonly record struct ScanKind(int First, int Last, int High, int Low);

    private struct ScanState
    {
        public int UntilRestart, Restarts, EobRun;

        /// <summary>Whether bits were missing in this restart interval.</summary>
        public bool IsBroken;
    }

    private struct Component
    {
        public int Id, Across, Down, BlocksWide, BlocksHigh, Stride;
        public HuffmanTable? Dc, Ac;
        public ulong[]? NonZero;

        /// <summary>Coefficients of which all bits have come.</summary>
        public ulong Exact;

        public bool WasScanned;
    }
}
