using System.Buffers.Text;
using System.Globalization;
using ChatShare.Benchmarks.Circuits;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>
/// Reads the message rows of one browser's render batches and sees to it that each comes once and in order. Called by one
/// batch after the other.
/// </summary>
/// <param name="ledger">Where what arrives is counted; null when it is not.</param>
/// <param name="window">
/// How many rows the page shows at least before it leaves the oldest out; 0 when it never does. Who is behind by more than that gets a batch with
/// a whole window of rows, and what came before them never.
/// </param>
/// <param name="reader">Whose, by the generator's count.</param>
internal sealed class RowReader(Ledger? ledger, int window = 0, int reader = 0)
{
    private long? _offset;
    private bool _mayGoOn;

    /// <summary>The index of the last message that arrived; −1 when none did.</summary>
    public int Newest { get; private set; } = -1;

    /// <summary>The number that the server gave it.</summary>
    public long NewestNumber { get; private set; }

    /// <summary>What was not as it should be, at most one sentence.</summary>
    public string? Fault { get; private set; }

    public void Read(RenderBatch batch)
    {
        var rows = 0;
        foreach (var text in batch)
        {
            if (text.StartsWith("<article class=\"message\""u8) || text.StartsWith("post-"u8))
                rows++;
        }

        _mayGoOn = window > 0 && rows >= window;
        foreach (var text in batch)
        {
            if (text.StartsWith("<article class=\"message\""u8))
                ReadRow(text);
            else if (text.StartsWith("post-"u8))
                ReadText(text);
        }
    }

    /// <summary>A row in the chat's own markup.</summary>
    public void ReadRow(ReadOnlySpan<byte> row)
    {
        if (NumberAfter(row, "data-number=\""u8) is not { } number || NumberAfter(row, "post-"u8) is not { } index)
        {
            Fault ??= "A row has no number, or is not one of this run.";
            return;
        }

        // Nothing else happens in the room, so the server's numbers go on as the texts do: a gap would show here.
        _offset ??= number - index;
        GoOn(index);
        if ((Newest >= 0 && index != Newest + 1) || number - index != _offset)
            Fault ??= string.Create(CultureInfo.InvariantCulture, $"Message {index} came as number {number} after message {Newest}.");
        (Newest, NewestNumber) = ((int)index, number);
        ledger?.Arrived(Newest, reader);
    }

    /// <summary>A row of another page has its text in a frame of its own.</summary>
    private void ReadText(ReadOnlySpan<byte> text)
    {
        if (NumberAfter(text, "post-"u8) is not { } index)
            return;
        GoOn(index);
        if (Newest >= 0 && index != Newest + 1)
            Fault ??= string.Create(CultureInfo.InvariantCulture, $"Message {index} came after message {Newest}.");
        Newest = (int)index;
        ledger?.Arrived(Newest, reader);
    }

    private void GoOn(long index)
    {
        if (!_mayGoOn || Newest < 0 || index <= Newest + 1)
            return;
        ledger?.CaughtUp(Newest + 1, (int)index);
        Newest = (int)index - 1;
        _mayGoOn = false;
    }

    private static long? NumberAfter(ReadOnlySpan<byte> row, ReadOnlySpan<byte> mark)
    {
        var at = row.IndexOf(mark);
        return at >= 0 && Utf8Parser.TryParse(row[(at + mark.Length)..], out long number, out _) ? number : null;
    }
}
