using System.Threading.Channels;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Chat;

/// <summary>
/// What was typed and is not at the server yet: it goes out in order, each message until it is there. A retry carries the same id, and so a
/// lost answer makes no second message.
/// </summary>
internal sealed class Outbox(ChatShareClient client, ILiveTerminal terminal, TimeProvider time)
{
    private readonly Channel<(string Room, string Text)> _waiting = Channel.CreateUnbounded<(string, string)>();
    private int _unsent;

    /// <summary>How many of those that were taken are not at the server.</summary>
    public int Unsent => Volatile.Read(ref _unsent);

    /// <summary>Takes a message; returns at once.</summary>
    public void Send(string room, string text)
    {
        if (_waiting.Writer.TryWrite((room, text)))
            Interlocked.Increment(ref _unsent);
    }

    /// <summary>Nothing more will come; <see cref="RunAsync"/> ends when all is sent.</summary>
    public void Close() => _waiting.Writer.TryComplete();

    /// <summary>Sends until it is closed.</summary>
    /// <exception cref="Failure">The session has ended.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(time);
        await foreach (var (room, text) in _waiting.Reader.ReadAllAsync(cancellationToken))
        {
            var clientId = Guid.NewGuid().ToString("N");
            try
            {
                await backoff.TryAsync(token => client.SendAsync(room, text, clientId, token), TimeSpan.MaxValue, cancellationToken);
                Interlocked.Decrement(ref _unsent);
            }
            catch (Failure failure) when (failure.Code != ExitCode.NotSignedIn)
            {
                Interlocked.Decrement(ref _unsent);
                terminal.Error(failure.Behind("Not sent: "));
            }
        }
    }
}
