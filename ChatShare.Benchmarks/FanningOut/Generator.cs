using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using ChatShare.Benchmarks.Circuits;
using ChatShare.Web.Components.Chat;

namespace ChatShare.Benchmarks.FanningOut;

/// <summary>What the load generator reads.</summary>
internal enum PageKind
{
    /// <summary>The real chat page, signed in.</summary>
    Chat,

    /// <summary><see cref="EmptyPageServer"/>.</summary>
    Empty,

    /// <summary><see cref="NaivePageServer"/>.</summary>
    Naive,

    /// <summary><see cref="NaivePageServer"/> with the newest message alone: what the framework takes for any change of any page.</summary>
    Least,

    /// <summary><see cref="HubServer"/>; no page at all.</summary>
    Hub,
}

/// <param name="P50">Seconds from a newcomer's first request until their page is drawn with the newest message; the others too.</param>
/// <param name="P95">.</param>
/// <param name="Last">.</param>
/// <param name="SlowestForOthers">Milliseconds that the slowest message took to somebody who was in before; 0 where nobody was.</param>
internal sealed record ArrivalResult(double P50, double P95, double Last, double SlowestForOthers);

/// <summary>
/// The load generator's own process: browsers without a screen. Takes orders on standard input, one a line, and answers each
/// with a line of JSON: <c>connect N</c> (until there are N), <c>post N</c>, <c>run RATE SECONDS</c>, <c>saturate WINDOW SECONDS</c>,
/// <c>arrive N</c> (all at once). Everybody is in one room. Where there are several servers, readers go to them in turn; who sends is at the first one.
/// </summary>
internal sealed class Generator
{
    public const string Mode = "generate-load";

    private const int ConnectAtOnce = 8;
    private const int RateWhileArriving = 5;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<IReader> _readers = [];
    private readonly List<Visitor> _people = [];
    private readonly Ledger _ledger = new();
    private readonly HttpClient _http = new();
    private readonly Uri[] _servers;
    private readonly PageKind _page;
    private readonly int _mostPeople;
    private readonly string _room;
    private int _counted;

    private Generator(Uri[] servers, PageKind page, int mostPeople, string room)
    {
        _servers = servers;
        _page = page;
        _mostPeople = mostPeople;
        _room = room;
    }

    private IEnumerable<string> Faults => _readers.SelectMany(reader => reader.Faults);

    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var generator = new Generator(
            [.. args[0].Split(',').Select(server => new Uri(server))], Enum.Parse<PageKind>(args[1]), int.Parse(args[2], CultureInfo.InvariantCulture),
            args.ElementAtOrDefault(3) ?? "Lobby");
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            var words = line.Split(' ');
            var numbers = words[1..].Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray();
            object answer = words[0] switch
            {
                "connect" => await generator.ConnectAsync(numbers[0], cancellationToken),
                "post" => await generator.PostAsync(numbers[0], cancellationToken),
                "run" => await generator.RunAsync(numbers[0], numbers[1], cancellationToken),
                "saturate" => await generator.SaturateAsync(numbers[0], numbers[1], cancellationToken),
                "arrive" => await generator.ArriveAsync(numbers[0], cancellationToken),
                _ => throw new InvalidOperationException($"No such order: {line}"),
            };
            Console.WriteLine(JsonSerializer.Serialize(answer));
        }

        return 0;
    }

    private async Task<int> ConnectAsync(int count, CancellationToken cancellationToken)
    {
        await JoinAsync(count, cancellationToken);
        var first = _readers.Count;
        var opened = new IReader[Math.Max(0, count - first)];
        await Parallel.ForAsync(
            0, opened.Length, new ParallelOptions { MaxDegreeOfParallelism = ConnectAtOnce, CancellationToken = cancellationToken },
            async (i, token) => opened[i] = await OpenAsync(first + i, _ledger, token));
        _readers.AddRange(opened);
        _counted += opened.Length;

        // The others are told who came, a few times a second; what is measured next shall not contain it.
        while (_readers.Exists(reader => reader.Quiet < Calm))
            await Task.Delay(Calm / 10, cancellationToken);
        return _readers.Count;
    }

    private async Task JoinAsync(int count, CancellationToken cancellationToken)
    {
        while (_people.Count < Math.Min(count, _mostPeople))
        {
            var server = _servers[_people.Count % _servers.Length];
            _people.Add(_page == PageKind.Chat ? await Visitor.JoinAsync(server, $"{_room}{_people.Count}", cancellationToken) : Visitor.Anonymous(server));
        }
    }

    /// <summary>Returns when the page is drawn, with the newest message in it.</summary>
    /// <param name="number">Which of the people.</param>
    /// <param name="ledger">Where what arrives is counted; null when it is not.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task<IReader> OpenAsync(int number, Ledger? ledger, CancellationToken cancellationToken)
    {
        var window = _page switch
        {
            PageKind.Chat => TimelineWindow.MaxRows,
            PageKind.Naive => NaiveFeed.Most,
            PageKind.Least => 1,
            _ => 0,
        };
        var rows = new RowReader(ledger, window, number);
        if (_page == PageKind.Hub)
            return await HubReader.OpenAsync(_servers[0], rows, cancellationToken);
        var newest = _ledger.Newest;
        var browser = await Browser.OpenAsync(
            _people[number % _people.Count], _page == PageKind.Chat ? $"/rooms/{_room}" : "/", rows, cancellationToken);
        if (_page == PageKind.Chat)
            await browser.RoomOpened.WaitAsync(Patience, cancellationToken);
        await browser.ReadUntil(_page == PageKind.Empty || (_page is PageKind.Naive or PageKind.Least && newest < 0) ? null : newest, EmptyPageServer.Greeting).WaitAsync(Patience, cancellationToken);
        return browser;
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
        return _ledger.Result(_counted * rate * seconds, seconds, Faults, _servers.Length);
    }

    /// <summary>Keeps so many messages under way: the next one is sent when everybody has got the one that is so many before it.</summary>
    private async Task<RunResult> SaturateAsync(int window, int seconds, CancellationToken cancellationToken)
    {
        await EverybodyHasItAsync(cancellationToken);
        _ledger.StartMeasuring();
        var began = Stopwatch.GetTimestamp();
        var sends = new List<Task>();
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
        {
            if (sends.Count >= window)
                await EverybodyHasAsync(_ledger.Newest - window + 1, cancellationToken);
            sends.Add(SendAsync(cancellationToken));
        }

        await Task.WhenAll(sends);
        await EverybodyHasItAsync(cancellationToken);
        return _ledger.Result(_counted * sends.Count, Stopwatch.GetElapsedTime(began).TotalSeconds, Faults, _servers.Length);
    }

    /// <summary>Everybody after lunch: so many come at the same moment, while those who are in go on talking.</summary>
    private async Task<ArrivalResult> ArriveAsync(int count, CancellationToken cancellationToken)
    {
        var first = _readers.Count;
        await JoinAsync(first + count, cancellationToken);
        using var allIn = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var talk = _page == PageKind.Chat ? TalkAsync(allIn.Token) : Task.FromResult(0);
        var seconds = await Task.WhenAll(Enumerable.Range(first, count).Select(async number =>
        {
            var began = Stopwatch.GetTimestamp();
            var reader = await OpenAsync(number, ledger: null, cancellationToken);
            var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
            lock (_readers)
                _readers.Add(reader);
            return took;
        }));
        await allIn.CancelAsync();
        var said = await talk;
        var slowest = 0.0;
        if (said > 0)
        {
            await EverybodyHasItAsync(cancellationToken);
            var result = _ledger.Result(_counted * said, seconds.Max(), Faults);
            if (result.Faults is [var fault, ..])
                throw new InvalidOperationException(fault);
            slowest = result.Max;
        }

        double[] sorted = [.. seconds.Order()];
        return new ArrivalResult(Statistics.Percentile(sorted, 50), Statistics.Percentile(sorted, 95), sorted[^1], slowest);
    }

    /// <returns>How many messages were sent until it was called off.</returns>
    private async Task<int> TalkAsync(CancellationToken until)
    {
        _ledger.StartMeasuring();
        var sends = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1) / RateWhileArriving);
        while (!until.IsCancellationRequested)
        {
            sends.Add(SendAsync(CancellationToken.None));
            await ((Task)timer.WaitForNextTickAsync(until).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(sends);
        return sends.Count;
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        if (_page != PageKind.Chat)
        {
            var text = _ledger.NextText();
            using var posted = await _http.PostAsJsonAsync(new Uri(_servers[0], BareRoom.Path), new Said(_ledger.Newest, text), cancellationToken);
            posted.EnsureSuccessStatusCode();
            return;
        }

        var answer = await ((Browser)_readers[0]).CallRoomAsync("SendAsync", [Guid.NewGuid().ToString(), _ledger.NextText()], cancellationToken);
        if (answer.GetProperty("error").GetString() is { } error)
            throw new InvalidOperationException($"A message was refused: {error}");
    }

    private Task EverybodyHasItAsync(CancellationToken cancellationToken) => EverybodyHasAsync(_ledger.Newest, cancellationToken);

    private async Task EverybodyHasAsync(int index, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(Patience);
        foreach (var reader in _readers)
        {
            // Who has not got it by now is counted as missing it.
            await reader.ReadUntil(index).WaitAsync(enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
