namespace RemoveBg.Core.Imaging.Codecs;

/// <summary>Reads the codes of a JPEG scan up to the next marker (ITU-T T.81, F.2.2 and G.1.2).</summary>
/// <remarks>Reading fails only when bits are missing. Codes that make no sense are passed over as the codec does, so
/// that a file counts as complete as far as the codec gets with it.</remarks>
internal ref struct BitReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private ulong _bits;
    private int _count, _at;

    /// <summary>Bytes that have been read. The next marker is here or later.</summary>
    public readonly int Position => _at;

    /// <summary>Takes up to 16 bits.</summary>
    /// <returns>False if fewer are left before the next marker.</returns>
    public bool TryTake(int length, out int value)
    {
        value = 0;
        if (_count < length && !Fill(length)) return false;
        _count -= length;
        value = (int)(_bits >> _count) & ((1 << length) - 1);
        return true;
    }

    /// <summary>Skips a DC coefficient.</summary>
    public bool TrySkipDc(HuffmanTable? table) =>
        TryTakeSymbol(table, out var size) && TryTake(size & 15, out _);

    /// <summary>Skips the AC coefficients of a block.</summary>
    /// <param name="table">Their codes.</param>
    /// <param name="first">First coefficient.</param>
    /// <param name="last">Last coefficient.</param>
    /// <param name="eobRun">Receives the number of further blocks that are empty in this scan.</param>
    /// <param name="found">The coefficients that are not zero, a bit for each.</param>
    public bool TrySkipAc(HuffmanTable? table, int first, int last, ref int eobRun, out ulong found)
    {
        found = 0;
        for (var k = first; k <= last; k++)
        {
            if (!TryTakeSymbol(table, out var symbol)) return false;
            var (run, size) = (symbol >> 4, symbol & 15);
            if (size == 0)
            {
                if (run == 15)
                {
                    k += 15;
                    continue;
                }
                if (!TryTake(run, out var more)) return false;
                eobRun = (1 << run) - 1 + more;
                return true;
            }
            k += run;
            if (!TryTake(size, out _)) return false;
            if (k <= last) found |= 1UL << k;
        }
        return true;
    }

    /// <summary>Reads one more bit of the AC coefficients of a block (G.1.2.3).</summary>
    public bool TryRefineAc(HuffmanTable? table, int first, int last, ref int eobRun, ref ulong nonZero)
    {
        var k = first;
        if (eobRun == 0)
        {
            for (; k <= last; k++)
            {
                if (!TryTakeSymbol(table, out var symbol)) return false;
                var (run, size) = (symbol >> 4, symbol & 15);
                if (size == 0 && run < 15)
                {
                    if (!TryTake(run, out var more)) return false;
                    eobRun = (1 << run) + more;
                    break;
                }
                if (size > 0 && !TryTake(1, out _)) return false;
                // Passes the run of zeros; each coefficient in between that is not zero has a bit.
                for (; k <= last; k++)
                    if ((nonZero >> k & 1) == 1)
                    {
                        if (!TryTake(1, out _)) return false;
                    }
                    else if (run-- == 0) break;
                if (size > 0 && k <= last) nonZero |= 1UL << k;
            }
        }
        if (eobRun == 0) return true;
        for (; k <= last; k++)
            if ((nonZero >> k & 1) == 1 && !TryTake(1, out _)) return false;
        eobRun--;
        return true;
    }

    /// <summary>Goes on behind a restart marker, which must be the next one. Some programs write bytes before it that
    /// belong to no code.</summary>
    /// <param name="number">Number of the marker, 0 to 7.</param>
    public bool TryPassRestart(int number)
    {
        (_bits, _count) = (0, 0);
        while (_at + 1 < _data.Length && (_data[_at] != 0xFF || _data[_at + 1] is 0 or 0xFF)) _at++;
        if (_at + 1 >= _data.Length || _data[_at + 1] != 0xD0 + number) return false;
        _at += 2;
        return true;
    }

    private bool TryTakeSymbol(HuffmanTable? table, out int symbol)
    {
        symbol = 0;
        if (table is null) return false;
        if (_count < HuffmanTable.Longest) Fill(HuffmanTable.Longest);
        // Before a marker fewer may be left: the code must fit into them.
        var next = _count >= HuffmanTable.Longest ? (int)(_bits >> (_count - HuffmanTable.Longest)) & 0xFFFF
            : (int)(_bits << (HuffmanTable.Longest - _count)) & 0xFFFF;
        (var length, symbol) = table.Find(next);
        if (length == 0) (length, symbol) = (HuffmanTable.Longest, 0);
        if (length > _count) return false;
        _count -= length;
        return true;
    }

    /// <summary>Reads bytes until the buffer is full or a marker follows.</summary>
    private bool Fill(int wanted)
    {
        while (_count <= 56 && _at < _data.Length)
        {
            var next = _data[_at];
            if (next == 0xFF)
            {
                // A zero is stuffed behind each byte that could begin a marker.
                if (_at + 1 >= _data.Length || _data[_at + 1] != 0) break;
                _at++;
            }
            _at++;
            _bits = _bits << 8 | next;
            _count += 8;
        }
        return _count >= wanted;
    }
}
