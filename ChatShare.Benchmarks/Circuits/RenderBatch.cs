using System.Buffers.Binary;

namespace ChatShare.Benchmarks.Circuits;

/// <summary>
/// The strings of a render batch, as UTF-8: texts, markup, attributes. The batch ends with five offsets, the last of which
/// is where the table of strings begins; each entry is the place of a string with its length before it.
/// </summary>
internal readonly ref struct RenderBatch(ReadOnlySpan<byte> bytes)
{
    private const int Offsets = 5 * sizeof(int);

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public Enumerator GetEnumerator() => new(_bytes);

    /// <summary>Whether any string contains this.</summary>
    public bool Contains(ReadOnlySpan<byte> part)
    {
        foreach (var text in this)
        {
            if (text.IndexOf(part) >= 0)
                return true;
        }

        return false;
    }

    /// <summary>Goes through the strings in the order in which they were written.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _entry = BinaryPrimitives.ReadInt32LittleEndian(bytes[^sizeof(int)..]) - sizeof(int);

        public ReadOnlySpan<byte> Current { get; private set; }

        public bool MoveNext()
        {
            _entry += sizeof(int);
            if (_entry >= _bytes.Length - Offsets)
                return false;
            var at = BinaryPrimitives.ReadInt32LittleEndian(_bytes[_entry..]);
            var length = 0;
            for (var shift = 0; ; shift += 7)
            {
                var digit = _bytes[at++];
                length |= (digit & 0x7f) << shift;
                if (digit < 0x80)
                    break;
            }

            Current = _bytes.Slice(at, length);
            return true;
        }
    }
}
