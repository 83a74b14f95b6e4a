using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace ChatShare.Web.Gateway;

/// <summary>
/// What a client has said and the room has not taken yet. A message is what comes by itself, so the connection has to be read while the room, the disk or the
/// scanner takes its time: what came meanwhile would else be found in one piece, a file behind a line as a part of that line. It is bounded: beyond that the rest waits in
/// the connection. One may add and one may take.
/// </summary>
internal sealed class SaidQueue : IDisposable
{
    // In UTF-16 code units: a thousand lines, or a few of the longest texts.
    private const int MostWaiting = 128 * 1024;

    // What each takes beside its text.
    private const int Overhead = 100;

    private readonly Channel<ClientSaid> _said = Channel.CreateUnbounded<ClientSaid>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim _taken = new(0);
    private int _waiting;

    /// <summary>Waits while too much is there.</summary>
    public async Task AddAsync(ClientSaid said, CancellationToken cancellationToken)
    {
        // Each turn uses up one that was taken; how many that were does not matter.
        while (Volatile.Read(ref _waiting) >= MostWaiting)
            await _taken.WaitAsync(cancellationToken);
        Interlocked.Add(ref _waiting, Weight(said));
        _said.Writer.TryWrite(said);
    }

    /// <summary>Nothing more will be added.</summary>
    /// <param name="fault">What whoever takes is told behind the last; null for an end like another.</param>
    public void End(Exception? fault) => _said.Writer.TryComplete(fault);

    /// <summary>In the order in which they were added, until the end.</summary>
    public async IAsyncEnumerable<ClientSaid> TakeAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var said in _said.Reader.ReadAllAsync(cancellationToken))
        {
            yield return said;
            Interlocked.Add(ref _waiting, -Weight(said));
            _taken.Release();
        }
    }

    public void Dispose() => _taken.Dispose();

    private static int Weight(ClientSaid said) => Overhead + (said is ClientSaid.Text text ? text.Value.Length : 0);
}
