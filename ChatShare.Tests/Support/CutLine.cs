using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ChatShare.Tests.Support;

/// <summary>Between a program and PostgreSQL: it breaks or stands still at a commit, or is down.</summary>
internal sealed class CutLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private readonly Task _accepting;
    private readonly List<Task> _carrying = [];
    private readonly Lock _gate = new();
    private readonly List<TcpClient> _open = [];
    private readonly TaskCompletionSource _late = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDown;
    private Cut _next;

    public CutLine(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public enum Cut
    {
        Nothing,

        /// <summary>The next commit does not arrive.</summary>
        BeforeCommit,

        /// <summary>The answer to the next commit does not arrive.</summary>
        AfterCommit,

        /// <summary>The next commit arrives late, see <see cref="CutLine.GoOn"/>: as that of a program that stands still.</summary>
        LateCommit,
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that it has taken.</summary>
    public int Connections { get; private set; }

    public void Break(Cut next, bool thenDown = false)
    {
        lock (_gate)
            (_next, ThenDown) = (next, thenDown);
    }

    /// <summary>Whether it stays down when it has broken.</summary>
    private bool ThenDown { get; set; }

    /// <summary>Ends when a commit is late.</summary>
    public Task IsLate => _late.Task;

    /// <summary>The commit that is late arrives.</summary>
    public void GoOn() => _goesOn.SetResult();

    public void Down()
    {
        lock (_gate)
        {
            _isDown = true;
            _open.ForEach(connection => connection.Dispose());
            _open.Clear();
        }
    }

    public void Up()
    {
        lock (_gate)
            _isDown = false;
    }

    public string Through(string database) => string.Create(CultureInfo.InvariantCulture, $"{database};Port={Port}");

    public async ValueTask DisposeAsync()
    {
        Down();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_carrying);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _carrying.Add(CarryAsync(await _listener.AcceptTcpClientAsync()));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            try
            {
                lock (_gate)
                {
                    Connections++;
                    if (_isDown)
                        return;
                    _open.AddRange([near, far]);
                }

                await far.ConnectAsync(IPAddress.Loopback, _port);
                var cut = new StrongCut();
                await Task.WhenAny(SendAsync(near.GetStream(), far.GetStream(), cut), BringAsync(far.GetStream(), near.GetStream(), cut));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // One of the two has gone, and the other goes with it.
                return;
            }
        }
    }

    /// <summary>Returns when the line is to break here.</summary>
    private async Task SendAsync(NetworkStream from, NetworkStream to, StrongCut cut)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer)) > 0)
        {
            if (Encoding.Latin1.GetString(buffer, 0, count).Contains("COMMIT\0", StringComparison.Ordinal))
            {
                Cut next;
                lock (_gate)
                {
                    next = _next;
                    _next = Cut.Nothing;
                    _isDown |= next != Cut.Nothing && ThenDown;
                    if (next == Cut.BeforeCommit)
                        return;
                    cut.AtNextAnswer = next == Cut.AfterCommit;
                }

                if (next == Cut.LateCommit)
                {
                    _late.SetResult();
                    await _goesOn.Task;
                }
            }

            await to.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private static async Task BringAsync(NetworkStream from, NetworkStream to, StrongCut cut)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer)) > 0 && !cut.AtNextAnswer)
            await to.WriteAsync(buffer.AsMemory(0, count));
    }

    private sealed class StrongCut
    {
        public volatile bool AtNextAnswer;
    }
}
