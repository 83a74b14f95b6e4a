using System.Collections.Concurrent;
using System.Globalization;
using ChatShare.Benchmarks.Circuits;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;

namespace ChatShare.Benchmarks.Soaking;

/// <summary>
/// People who come, talk, change rooms, share files and go, each under a new name. The first half goes by
/// the button, the second closes the window first; of the files every third is left in the middle.
/// </summary>
internal sealed class Crowd(Uri server)
{
    private const int FileBytes = 100_000;
    private static readonly string[] Rooms = ["Lobby", "Kitchen", "Workshop"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _faults = new();
    private int _visits;
    private int _messages;
    private int _files;

    public int Visits => _visits;

    public int Messages => _messages;

    public int Files => _files;

    /// <summary>What was not as it should be.</summary>
    public IEnumerable<string> Faults => _faults.Take(10);

    public static async Task MakeRoomsAsync(Uri server, CancellationToken cancellationToken)
    {
        using var maker = await ChatClient.JoinAsync(server, "Caretaker", cancellationToken);
        foreach (var room in Rooms[1..])
            await maker.CreateRoomAsync(room, cancellationToken);
        await maker.LeaveAsync(cancellationToken);
    }

    /// <summary>Goes on for a while, with so many people at a time; when it returns everybody has left.</summary>
    public Task RunAsync(int people, TimeSpan duration, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, people).Select(_ => ComeAndGoAsync(DateTime.UtcNow + duration, cancellationToken)));

    private async Task ComeAndGoAsync(DateTime until, CancellationToken cancellationToken)
    {
        while (DateTime.UtcNow < until)
        {
            try
            {
                await VisitAsync(Interlocked.Increment(ref _visits), cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or InvalidOperationException or TimeoutException)
            {
                _faults.Enqueue(e.Message);
            }
        }
    }

    private async Task VisitAsync(int number, CancellationToken cancellationToken)
    {
        var visitor = await Visitor.JoinAsync(server, string.Create(CultureInfo.InvariantCulture, $"Visitor{number}"), cancellationToken);
        // Of many rooms and people, so what it says of missing numbers means nothing here.
        var browser = await Browser.OpenAsync(visitor, $"/rooms/{Rooms[number % Rooms.Length]}", new RowReader(new Ledger()), cancellationToken);
        await browser.RoomOpened.WaitAsync(Patience, cancellationToken);
        await SayAsync(browser, number, cancellationToken);
        await ShareAsync(number, cancellationToken);
        for (var move = 1; move <= 2; move++)
        {
            await browser.GoAsync($"/rooms/{Rooms[(number + move) % Rooms.Length]}", cancellationToken).WaitAsync(Patience, cancellationToken);
            await SayAsync(browser, number, cancellationToken);
        }

        browser.ExpectEnd();
        if (number % 2 == 0)
            await visitor.LeaveAsync(cancellationToken);
        await browser.CloseAsync(cancellationToken);
        if (number % 2 == 1)
            await visitor.LeaveAsync(cancellationToken);
        foreach (var fault in browser.CircuitFaults)
            _faults.Enqueue(fault);
    }

    private async Task SayAsync(Browser browser, int number, CancellationToken cancellationToken)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"Visitor {number} has something to say about the weather.");
        var answer = await browser.CallRoomAsync("SendAsync", [Guid.NewGuid().ToString(), text], cancellationToken);
        if (answer.GetProperty("error").GetString() is { } error)
            throw new InvalidOperationException($"A message was refused: {error}");
        Interlocked.Increment(ref _messages);
    }

    private async Task ShareAsync(int number, CancellationToken cancellationToken)
    {
        using var sender = await ChatClient.JoinAsync(server, string.Create(CultureInfo.InvariantCulture, $"Sender{number}"), cancellationToken);
        var id = await sender.CreateAsync("file.bin", FileBytes, cancellationToken);
        if (number % 3 != 0)
        {
            await sender.SendAsync(id, number, FileBytes, cancellationToken);
            Interlocked.Increment(ref _files);
        }

        await sender.LeaveAsync(cancellationToken);
    }
}
