using System.Globalization;
using System.Text.Json;
using ChatShare.Benchmarks.Circuits;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>
/// The load generator's own process: browsers without a screen. Takes orders on standard input, one a line, and answers each
/// with a line of JSON: <c>connect N</c> (until there are N), <c>post N</c>, <c>run RATE SECONDS</c>.
/// </summary>
internal sealed class Generator
{
    public const string Mode = "generate-load";
    public const string ChatPage = "chat";
    public const string EmptyPage = "empty";

    private const int ConnectAtOnce = 8;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<Browser> _browsers = [];
    private readonly List<Visitor> _people = [];
    private readonly Ledger _ledger = new();
    private readonly Uri _server;
    private readonly bool _isChat;
    private readonly int _mostPeople;

    private Generator(Uri server, bool isChat, int mostPeople)
    {
        _server = server;
        _isChat = isChat;
        _mostPeople = mostPeople;
    }

    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var generator = new Generator(new Uri(args[0]), args[1] == ChatPage, int.Parse(args[2], CultureInfo.InvariantCulture));
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            var words = line.Split(' ');
            var numbers = words[1..].Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray();
            object answer = words[0] switch
            {
                "connect" => await generator.ConnectAsync(numbers[0], cancellationToken),
                "post" => await generator.PostAsync(numbers[0], cancellationToken),
                "run" => await generator.RunAsync(numbers[0], numbers[1], cancellationToken),
                _ => throw new InvalidOperationException($"No such order: {line}"),
            };
            Console.WriteLine(JsonSerializer.Serialize(answer));
        }

        return 0;
    }

    private async Task<int> ConnectAsync(int count, CancellationToken cancellationToken)
    {
        while (_people.Count < Math.Min(count, _mostPeople))
            _people.Add(_isChat ? await Visitor.JoinAsync(_server, $"Guest{_people.Count}", cancellationToken) : Visitor.Anonymous(_server));
        var first = _browsers.Count;
        var opened = new Browser[Math.Max(0, count - first)];
        await Parallel.ForAsync(
            0, opened.Length, new ParallelOptions { MaxDegreeOfParallelism = ConnectAtOnce, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                var visitor = _people[(first + i) % _people.Count];
                opened[i] = await Browser.OpenAsync(visitor, _isChat ? "/rooms/Lobby" : "/", new RowReader(_ledger), token);
                if (_isChat)
                    await opened[i].RoomOpened.WaitAsync(Patience, token);
                await opened[i].ReadUntil(_isChat ? _ledger.Newest : null, EmptyPageServer.Greeting).WaitAsync(Patience, token);
            });
        _browsers.AddRange(opened);

        // The others are told who came, a few times a second; what is measured next shall not contain it.
        while (_browsers.Exists(browser => browser.Quiet < Calm))
            await Task.Delay(Calm / 10, cancellationToken);
        return _browsers.Count;
    }

    /// <summary>Posts as fast as it is acknowledged.</summary>
    private async Task<int> PostAsync(int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
            await SendAsync(cancellationToken);
        await EverybodyHasItAsync(cancellationToken);
        return count;
    }

    private async Task<RunResult> RunAsync(int rate, int seconds, CancellationToken cancellationToken)
    {
        await EverybodyHasItAsync(cancellationToken);
        _ledger.StartMeasuring();
        var sends = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1) / rate);
        for (var i = 0; i < rate * seconds; i++)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            // Not awaited: a slow acknowledgement must not slow down the next message, or it would hide itself.
            sends.Add(SendAsync(cancellationToken));
        }

        await Task.WhenAll(sends);
        await EverybodyHasItAsync(cancellationToken);
        return _ledger.Result(_browsers.Count * rate * seconds, seconds, _browsers.SelectMany(browser => browser.Faults));
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var answer = await _browsers[0].CallRoomAsync("SendAsync", [Guid.NewGuid().ToString(), _ledger.NextText()], cancellationToken);
        if (answer.GetProperty("error").GetString() is { } error)
            throw new InvalidOperationException($"A message was refused: {error}");
    }

    private async Task EverybodyHasItAsync(CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(Patience);
        foreach (var browser in _browsers)
        {
            // Who has not got it by now is counted as missing it.
            await browser.ReadUntil(_ledger.Newest, marker: null).WaitAsync(enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
