using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using ChatShare.Core;

namespace ChatShare.Tests.Gateway;

/// <summary>A file that an old client has saved.</summary>
/// <param name="Name">As it was announced.</param>
/// <param name="Sender">As it was announced.</param>
/// <param name="Length">Of what was saved, which may be more than was announced.</param>
/// <param name="Sha256">Of what was saved.</param>
internal sealed record SavedFile(string Name, string Sender, long Length, string Sha256);

/// <summary>
/// A client of the old protocol, written from its description: reads 4,096 bytes at a time and takes each read for a message; splits control
/// messages at every colon; reads a file 1,024 bytes at a time until at least its size has come, and saves all of it.
/// </summary>
internal sealed class OldClient : IAsyncDisposable
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _nickname;
    private readonly bool _answersReady;
    private readonly ChangeSignal _changed = new();
    private readonly CancellationTokenSource _stop = new();
    private ImmutableList<string> _read = [];
    private ImmutableList<SavedFile> _files = [];

    private OldClient(string nickname, bool answersReady)
    {
        _nickname = nickname;
        _answersReady = answersReady;
    }

    /// <summary>For what a real client would never do.</summary>
    public Socket Socket { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Every read that was text, in order; control messages are among them.</summary>
    public ImmutableList<string> Read => Volatile.Read(ref _read);

    /// <summary>Every file that was saved, in order.</summary>
    public ImmutableList<SavedFile> Files => Volatile.Read(ref _files);

    /// <summary>Reads that were no text: the client ignores them, and none should come.</summary>
    public int Ignored { get; private set; }

    /// <summary>How long it takes over each 1,024 bytes of a file; zero for as fast as it can.</summary>
    public TimeSpan Pace { get; set; }

    /// <summary>Ends when the server has hung up.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Connects, answers <c>NICK</c>, and returns when it is in.</summary>
    /// <param name="address">Of the gateway.</param>
    /// <param name="nickname">What it believes to be its name from then on.</param>
    /// <param name="answersReady">The command-line client does, the desktop window does not.</param>
    public static async Task<OldClient> JoinAsync(IPEndPoint address, string nickname, bool answersReady = true)
    {
        var client = await ConnectAsync(address, nickname, answersReady);
        try
        {
            // The next line may be in the same read, on a machine that does not let the client read in time.
            await client.UntilAsync(() => client.Read.Exists(text => text.Contains("Connected to the server!", StringComparison.Ordinal)));
            return client;
        }
        catch
        {
            // Else it would be in the room of the tests that come after.
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Connects, and answers <c>NICK</c> when it comes.</summary>
    public static async Task<OldClient> ConnectAsync(IPEndPoint address, string nickname, bool answersReady = true)
    {
        var client = new OldClient(nickname, answersReady);
        await client.Socket.ConnectAsync(address, TestContext.Current.CancellationToken);
        // A thread of its own: the protocol holds only as long as a client reads each message before the next one comes.
        client.Ended = Task.Factory.StartNew(client.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return client;
    }

    /// <summary>Sends a line in one piece.</summary>
    public async Task SayAsync(string text) => await SendAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Sends bytes in one piece.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await Socket.SendAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>Announces a file, waits half a second and sends it in pieces of 4,096 bytes.</summary>
    public async Task SendFileAsync(string name, ReadOnlyMemory<byte> content)
    {
        await SayAsync($"FILE_TRANSFER:{name}:{content.Length}");
        await Support.TestClock.UntilAsync(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
        for (var sent = 0; sent < content.Length; sent += 4096)
            await SendAsync(content.Slice(sent, Math.Min(4096, content.Length - sent)));
    }

    /// <summary>Waits until it has read this.</summary>
    public Task SeesAsync(string text) => UntilAsync(() => Read.Contains(text));

    /// <summary>Waits until it has read something like this, and returns the first.</summary>
    public async Task<string> SeesAsync(Predicate<string> condition)
    {
        await UntilAsync(() => Read.Exists(condition));
        return Read.First(text => condition(text));
    }

    /// <summary>Waits for a file of this name to be saved.</summary>
    public async Task<SavedFile> SavesAsync(string name)
    {
        await UntilAsync(() => Files.Exists(file => file.Name == name));
        return Files.First(file => file.Name == name);
    }

    /// <summary>Waits until the server has hung up.</summary>
    public Task HangsUpAsync(int withinSeconds = 30) =>
        Ended.WaitAsync(TimeSpan.FromSeconds(withinSeconds), TestContext.Current.CancellationToken);

    /// <summary>Waits until something is so, looking whenever it has read something.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(Support.Make.IsLong ? 120 : 30));
        try
        {
            while (true)
            {
                var seen = _changed.Version;
                if (condition())
                    return;
                await _changed.WaitAsync(seen, patience.Token);
            }
        }
        catch (OperationCanceledException e) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{_nickname} has read only: {string.Join(" | ", Read.TakeLast(20))}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        // Ends the read that is waiting; disposing alone would wait for it.
        if (Socket.Connected)
            Socket.Shutdown(SocketShutdown.Both);
        Socket.Dispose();
        await Ended;
        _stop.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[4096];
        try
        {
            while (Socket.Receive(buffer) is > 0 and var length)
            {
                if (Text(buffer.AsSpan(0, length)) is { } text)
                    Take(text);
                else
                    Ignored++;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Hung up, by one side or the other.
            return;
        }
        finally
        {
            _changed.Raise();
        }
    }

    private void Take(string text)
    {
        Volatile.Write(ref _read, _read.Add(text));
        _changed.Raise();
        if (text == "NICK")
        {
            Socket.Send(Encoding.UTF8.GetBytes(_nickname));
        }
        else if (text.StartsWith("FILE_INCOMING:", StringComparison.Ordinal))
        {
            var parts = text.Split(':');
            if (parts[3] != _nickname)
                Save(parts[1], long.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture), parts[3]);
        }
    }

    private void Save(string name, long size, string sender)
    {
        if (_answersReady)
            Socket.Send("READY"u8);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1024];
        var saved = 0L;
        while (saved < size)
        {
            if (Socket.Receive(buffer) is not (> 0 and var length))
                return;
            hash.AppendData(buffer.AsSpan(0, length));
            saved += length;
            if (Pace > TimeSpan.Zero)
                _stop.Token.WaitHandle.WaitOne(Pace);
        }

        Volatile.Write(ref _files, _files.Add(new SavedFile(name, sender, saved, Convert.ToHexStringLower(hash.GetHashAndReset()))));
        _changed.Raise();
    }

    private static string? Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
