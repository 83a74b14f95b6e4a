using System.Threading.Channels;
using ChatShare.Core.Files;

namespace ChatShare.Web.Gateway;

/// <summary>
/// What waits to be sent to one client, and how it is sent: one thing at a time, so that nothing comes between the bytes of a file. The queue is
/// bounded; when it is full, whoever has something for the client waits, and the client's place in the room stays where it is.
/// </summary>
internal sealed class ClientOutbox(ClientLine line, ReadyAnswer ready, Guest guest, Func<SharedFile, string> address, GatewayFiles files)
{
    private const int MostWaiting = 64;

    private readonly Channel<Outgoing> _waiting = Channel.CreateBounded<Outgoing>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly Queue<Outgoing.Share> _heldBack = new();

    // Files that the client has begun to send, less those of which this side knows that they have ended.
    private int _sending;

    /// <summary>Whether nothing waits; the last thing may still be on its way.</summary>
    public bool IsEmpty => _waiting.Reader.Count == 0;

    private bool IsSendingFile => Volatile.Read(ref _sending) > 0;

    /// <summary>Waits for a place in the queue.</summary>
    public ValueTask PostAsync(Outgoing something, CancellationToken cancellationToken) => _waiting.Writer.WriteAsync(something, cancellationToken);

    /// <summary>Waits for a place in the queue.</summary>
    public ValueTask SayAsync(string text, CancellationToken cancellationToken) => PostAsync(new Outgoing.Line(text), cancellationToken);

    /// <summary>
    /// The client sends a file from now on. It would say <c>READY</c> in the midst of it: files for the client wait until
    /// <see cref="Outgoing.Listens"/> is posted.
    /// </summary>
    public void HoldFiles() => Interlocked.Increment(ref _sending);

    /// <summary>Nothing more is posted; what waits is still sent.</summary>
    public void End() => _waiting.Writer.TryComplete();

    /// <summary>Sends until cancelled, or until all is sent after <see cref="End"/>.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var something in _waiting.Reader.ReadAllAsync(cancellationToken))
            await SendAsync(something, cancellationToken);
    }

    private async Task SendAsync(Outgoing something, CancellationToken cancellationToken)
    {
        switch (something)
        {
            case Outgoing.Line { Text: var text }:
                await line.SayAsync(text, cancellationToken);
                break;
            case Outgoing.Delivered { Name: var name, Size: var size }:
                await SendDeliveredAsync(name, size, cancellationToken);
                break;
            case Outgoing.Listens:
                Interlocked.Decrement(ref _sending);
                while (!IsSendingFile && _heldBack.TryDequeue(out var held))
                    await SendAsync(held, cancellationToken);
                break;
            case Outgoing.Share share when share.File.Length > files.PushLimitBytes || _heldBack.Count == MostWaiting:
                await line.SayAsync($"{share.Sender} shares {share.File.Name} ({ByteSize.Format(share.File.Length)}): {address(share.File)}", cancellationToken);
                break;
            case Outgoing.Share share when IsSendingFile:
                _heldBack.Enqueue(share);
                break;
            case Outgoing.Share share:
                await SendFileAsync(share, cancellationToken);
                break;
        }
    }

    /// <summary>The client has to know the file as its own, or it would wait for its bytes.</summary>
    private async Task SendDeliveredAsync(string name, long size, CancellationToken cancellationToken)
    {
        if (OldProtocol.CanBeNamed(guest.BelievedName))
        {
            _ = ready.Ask();
            await line.ControlAsync(OldProtocol.Incoming(name, size, guest.BelievedName), cancellationToken);
        }

        await line.ControlAsync(OldProtocol.Complete(name), cancellationToken);
        ready.Withdraw();
    }

    private async Task SendFileAsync(Outgoing.Share share, CancellationToken cancellationToken)
    {
        var (file, sender) = (share.File, share.Sender);
        using var content = await files.OpenAsync(file, guest.Session, cancellationToken);
        if (content is null)
        {
            await line.SayAsync($"{sender} shared {file.Name}, which is not here any more.", cancellationToken);
            return;
        }

        var listening = ready.Ask();
        await line.OfferAsync(OldProtocol.Incoming(file.Name, file.Length, sender), cancellationToken);
        await files.ListensAsync(listening, ready.IsKnown, cancellationToken);
        ready.StopWaiting();
        using (var download = files.Begin(file, guest.Session, cancellationToken))
            await line.SendFileAsync(content, download);
        ready.Withdraw();
        await line.ControlAsync(OldProtocol.Complete(file.Name), cancellationToken);
        await files.TookAsync(file, guest.Session);
    }
}
