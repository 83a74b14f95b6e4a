using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using ChatShare.Core.Messages;
using Microsoft.AspNetCore.Connections;

namespace ChatShare.Web.Gateway;

/// <summary>What a client has said.</summary>
internal abstract record ClientSaid
{
    private ClientSaid()
    {
    }

    /// <summary>A message, not empty.</summary>
    public sealed record Text(string Value) : ClientSaid;

    /// <summary>The bytes of a file follow, which have to be taken before anything else is read.</summary>
    public sealed record File(FileHeader Header, AnnouncedBytes Bytes) : ClientSaid;

    /// <summary>Something that is no text in UTF-8.</summary>
    public sealed record Garbage : ClientSaid;
}

/// <summary>
/// Makes messages of what a client sends. The protocol says only that a message is what comes by itself: what the network or the client cut in
/// two is put together by waiting a moment where more may belong to it, and nowhere else.
/// </summary>
internal sealed class ClientInput(PipeReader pipe, GatewayPace pace, TimeProvider time)
{
    // What is shorter comes in one packet, and so whole. What is longer comes in as many as the network makes of it, and the server's own reads
    // end where a block of memory does.
    private const int ShortBytes = 1000;

    // The longest message in UTF-8.
    private const int MostBytes = MessageText.MaxLength * 3;

    // Where a text that is too long is cut: not beside white space, which would be taken for its end, if there is such a place near.
    private const int CutSearch = 1000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Where the client says that it is ready for a file.</summary>
    public ReadyAnswer Ready { get; } = new(pace, time);

    /// <summary>The next thing it says; null when it has hung up.</summary>
    public Task<ClientSaid?> NextAsync(CancellationToken cancellationToken) => NextAsync(endsAtLine: false, cancellationToken);

    /// <summary>
    /// The same up to the end of its line, for a name: who types ahead, or has a script type for them, has said the rest next. The line breaks
    /// at its end belong to it.
    /// </summary>
    public Task<ClientSaid?> NextLineAsync(CancellationToken cancellationToken) => NextAsync(endsAtLine: true, cancellationToken);

    private async Task<ClientSaid?> NextAsync(bool endsAtLine, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await SettledAsync(cancellationToken) is not { } result)
                return null;
            var bytes = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, MostBytes)).ToArray();
            if (endsAtLine)
                bytes = bytes[..LineLength(bytes)];
            if (FileHeader.Read(bytes) is { } header)
            {
                Take(pipe, result.Buffer, header.Length);
                return new ClientSaid.File(header, new AnnouncedBytes(pipe, header.Size, Ready, pace, time));
            }

            var (said, length) = Text(bytes);
            if (length > 0)
                Take(pipe, result.Buffer, length);
            else
                pipe.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (said is not null)
                return said;
            // Hung up; what is left, if anything, is the half of a character.
            if (result.IsCompleted && length == 0)
                return null;
        }
    }

    /// <summary>Waits until there is something, and until nothing comes any more that may belong to it.</summary>
    private async Task<ReadResult?> SettledAsync(CancellationToken cancellationToken)
    {
        var (seen, wait) = (0L, Timeout.InfiniteTimeSpan);
        while (true)
        {
            ReadResult result;
            var quiet = seen == 0 ? null : time.CreateTimer(_ => pipe.CancelPendingRead(), state: null, wait, Timeout.InfiniteTimeSpan);
            await using (quiet)
            {
                if (await ReadAsync(pipe, cancellationToken) is not { } read)
                    return null;
                result = read;
            }

            var length = result.Buffer.Length;
            // A timer that was late may cancel the next read as well, which then finds what is there.
            if (result.IsCompleted || (result.IsCanceled && length > 0 && length == seen) || Wait(result.Buffer) is not { } more)
                return result;
            (seen, wait) = (length, more);
            pipe.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>A read of the pipe; null when the connection broke, which is an end like another.</summary>
    public static async ValueTask<ReadResult?> ReadAsync(PipeReader pipe, CancellationToken cancellationToken)
    {
        try
        {
            return await pipe.ReadAsync(cancellationToken);
        }
        catch (ConnectionResetException)
        {
            return null;
        }
    }

    /// <summary>Takes bytes out of what was read; what is left of it is there for the next read at once.</summary>
    public static void Take(PipeReader pipe, in ReadOnlySequence<byte> read, long length)
    {
        var isMore = length < read.Length;
        pipe.AdvanceTo(read.GetPosition(length));
        // Of a read that was ended by hand everything had been examined: a pipe would tell of what is left only when more comes behind it.
        if (isMore)
            pipe.CancelPendingRead();
    }

    /// <summary>How long to wait for more that may belong to it; null when it is whole.</summary>
    private TimeSpan? Wait(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty)
            return Timeout.InfiniteTimeSpan;
        if (buffer.Length >= MostBytes)
            return null;
        var bytes = buffer.ToArray();
        if (FileHeader.MayBegin(bytes))
            return FileHeader.MayGoOn(bytes) ? pace.Quiet : null;
        // As much as a client sends at once, or half a character: surely or probably a part of something longer.
        if (bytes.Length % OldProtocol.MaxMessageBytes == 0 || WholeCharacters(bytes) < bytes.Length)
            return pace.Quiet;
        return bytes.Length >= ShortBytes ? pace.Pieces : null;
    }

    /// <summary>What can be made of the bytes, and how many it takes; nothing of the half of a character alone.</summary>
    private (ClientSaid? Said, int Length) Text(ReadOnlySpan<byte> bytes)
    {
        var whole = WholeCharacters(bytes);
        if (whole == 0)
            return (null, 0);
        var said = bytes[..whole];
        if (said.StartsWith("READY"u8))
        {
            // Nothing else but a line break or a file of its own.
            var rest = said[OldProtocol.Ready.Length..].TrimStart("\r\n"u8);
            if (Ready.Take(isAlone: FileHeader.MayBegin(rest)))
                return (null, whole - rest.Length);
        }

        if (said.Length > OldProtocol.Ready.Length && said.Length <= OldProtocol.MaxMessageBytes && said.EndsWith("READY"u8) && Ready.Take(isAlone: false))
            said = said[..^OldProtocol.Ready.Length];
        try
        {
            var text = Strict.GetString(said);
            if (text.Length <= MessageText.MaxLength)
                return (new ClientSaid.Text(text), whole);
            text = text[..Cut(text)];
            return (new ClientSaid.Text(text), Strict.GetByteCount(text));
        }
        catch (DecoderFallbackException)
        {
            return (new ClientSaid.Garbage(), bytes.Length);
        }
    }

    /// <summary>How many of the bytes are the first line, with all line breaks behind it.</summary>
    private static int LineLength(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0)
            return bytes.Length;
        var rest = bytes[end..].IndexOfAnyExcept("\r\n"u8);
        return rest < 0 ? bytes.Length : end + rest;
    }

    /// <summary>How many of the bytes are whole characters: all but the beginning of one at the end.</summary>
    private static int WholeCharacters(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            if (Rune.DecodeFromUtf8(bytes[^back..], out _, out _) == OperationStatus.NeedMoreData)
                return bytes.Length - back;
        }

        return bytes.Length;
    }

    private static int Cut(string text)
    {
        for (var cut = MessageText.MaxLength; cut > MessageText.MaxLength - CutSearch; cut--)
        {
            if (!char.IsWhiteSpace(text[cut - 1]) && !char.IsWhiteSpace(text[cut]) && !char.IsLowSurrogate(text[cut]))
                return cut;
        }

        return char.IsLowSurrogate(text[MessageText.MaxLength]) ? MessageText.MaxLength - 1 : MessageText.MaxLength;
    }
}
