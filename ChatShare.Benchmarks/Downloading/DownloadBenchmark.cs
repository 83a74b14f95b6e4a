using System.Text.Json;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;
using static ChatShare.Benchmarks.Statistics;

namespace ChatShare.Benchmarks.Downloading;

/// <summary>How fast files go out: finished ones beside nginx, handed over to nginx, and while they still come in.</summary>
internal static class DownloadBenchmark
{
    private const int Ranges = 16;
    private const double OfNginxToReach = 0.6;
    private const double BehindNginxToReach = 0.95;
    private const double LagSecondsToReach = 1;

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var isShort = options.Has("--short");
        var rounds = options.Number("--rounds", isShort ? 2 : 11);
        var mebibytes = isShort ? 256 : 1024;
        Machine.Print();
        var isGood = true;
        if (await Nginx.FaultAsync(options.Has("--install"), cancellationToken) is { } fault)
        {
            Console.WriteLine($"Skipped: beside nginx and behind it ({fault}).");
        }
        else
        {
            isGood &= await BesideNginxAsync(mebibytes, rounds, cancellationToken);
            isGood &= await BehindNginxAsync(mebibytes, rounds, cancellationToken);
        }

        await RelayAsync(mebibytes, rounds, cancellationToken);
        return isGood ? 0 : 1;
    }

    private static async Task<bool> BesideNginxAsync(int mebibytes, int rounds, CancellationToken cancellationToken)
    {
        await using var place = await Place.OpenAsync(mebibytes, cancellationToken);
        var isGood = true;
        foreach (var (name, ranges) in ((string, int)[])[("whole file", 1), ($"{Ranges} ranges", Ranges)])
        {
            var chat = place.Side("ChatShare", place.Chat.Address, place.ChatPath, ranges, () => place.Chat.Process.CpuSeconds);
            var nginx = place.Side("nginx, sendfile", place.Nginx.Address, place.AlonePath, ranges, () => place.Nginx.Process.TreeCpuSeconds);
            var (race, isQuiet) = await place.RaceAsync(name, [chat, nginx], rounds, cancellationToken);
            Race.Verdict($"of nginx, {name}", race.RatioTo(nginx), OfNginxToReach);
            Console.WriteLine();
            isGood &= isQuiet;
        }

        return isGood;
    }

    private static async Task<bool> BehindNginxAsync(int mebibytes, int rounds, CancellationToken cancellationToken)
    {
        await using var place = await Place.OpenAsync(mebibytes, cancellationToken, KeyValuePair.Create("ChatShare__Downloads__AccelRedirectPrefix", Nginx.Prefix));
        if (!(await place.Person.HeadersAsync(place.Id, cancellationToken)).Contains("X-Accel-Redirect"))
        {
            Console.WriteLine("Skipped: behind nginx (the server does not answer with X-Accel-Redirect).");
            Console.WriteLine();
            return true;
        }

        double Cpu() => place.Chat.Process.CpuSeconds + place.Nginx.Process.TreeCpuSeconds;
        var chat = place.Side("ChatShare and nginx", place.Nginx.Address, place.ChatPath, 1, Cpu);
        var alone = place.Side("nginx, sendfile", place.Nginx.Address, place.AlonePath, 1, Cpu);
        var (race, isQuiet) = await place.RaceAsync("X-Accel-Redirect", [chat, alone], rounds, cancellationToken);
        Race.Verdict("of nginx alone", race.RatioTo(alone), BehindNginxToReach);
        Console.WriteLine();
        return isQuiet;
    }

    private static async Task RelayAsync(int mebibytes, int rounds, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using var chat = await MeasuredServer.StartChatAsync(folder, cancellationToken);
        await using var feeder = ChildProcess.StartSelf([Feeder.Mode, chat.Address.ToString()], new Dictionary<string, string>());
        await feeder.AskAsync("relay 16", cancellationToken);
        List<Fed> runs = [];
        for (var round = 0; round < rounds; round++)
            runs.Add(JsonSerializer.Deserialize<Fed>(await feeder.AskAsync($"relay {mebibytes}", cancellationToken))!);
        var table = new Table("read while it comes in", "upload, MiB/s", "the download ends after the upload by");
        table.Add(
            $"{mebibytes} MiB", MedianAndSpread([.. runs.Select(run => mebibytes / run.Seconds)], "0.0"),
            $"{MedianAndSpread([.. runs.Select(run => run.LagSeconds * 1000)], "0.0")} ms");
        table.Print();
        var worst = runs.Max(run => run.LagSeconds);
        Console.WriteLine($"To reach: within {Show(LagSecondsToReach, "0")} s: {Show(worst, "0.000")} s at most ({(worst <= LagSecondsToReach ? "met" : "missed")}).");
    }

    /// <summary>A chat server with one finished file, nginx over the same folder, and who reads.</summary>
    private sealed class Place : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private ChildProcess _reader = null!;
        private Payload _file = null!;

        public MeasuredServer Chat { get; private set; } = null!;

        public Nginx Nginx { get; private set; } = null!;

        public ChatClient Person { get; private set; } = null!;

        public string Id { get; private set; } = "";

        public string ChatPath => $"/files/{Id}/x";

        public string AlonePath => $"/alone/files/{_file.Sha256[..2]}/{_file.Sha256}";

        public static async Task<Place> OpenAsync(int mebibytes, CancellationToken cancellationToken, params IEnumerable<KeyValuePair<string, string>> settings)
        {
            var place = new Place();
            place.Chat = await MeasuredServer.StartChatAsync(place._folder, cancellationToken, settings);
            var downloads = place._folder.Sub("downloads");
            place.Nginx = await Nginx.StartAsync(place._folder.Sub("nginx"), downloads, place.Chat.Address, cancellationToken);
            place.Person = await ChatClient.JoinAsync(place.Chat.Address, "Ann", cancellationToken);
            var length = mebibytes * 1024L * 1024;
            place.Id = await place.Person.CreateAsync("x.bin", length, cancellationToken);
            var sha256 = await place.Person.SendAsync(place.Id, seed: 1, length, cancellationToken);
            place._file = new Payload(Path.Combine(downloads, "files", sha256[..2], sha256), length, sha256);
            place._reader = ChildProcess.StartSelf([Reader.Mode], new Dictionary<string, string>());
            return place;
        }

        public Side Side(string name, Uri server, string path, int ranges, Func<double> cpu) => new(
            name, (int)(_file.Length / 1024 / 1024), cpu, async (file, token) => (await ReadAsync(server, path, ranges, isHashed: false, token)).Seconds, Arrived: null)
        {
            CheckAsync = async token =>
            {
                if ((await ReadAsync(server, path, ranges, isHashed: true, token)).Sha256 != _file.Sha256)
                    throw new InvalidOperationException($"{name} sent other bytes than the file's.");
            },
        };

        public async Task<(Race Race, bool IsQuiet)> RaceAsync(string name, IReadOnlyList<Side> sides, int rounds, CancellationToken cancellationToken)
        {
            var others = new OtherProcesses();
            var race = new Race(name, sides, others);
            await race.RunAsync(rounds, (_, _) => Task.FromResult(_file), cancellationToken);
            race.Print();
            return (race, others.Print());
        }

        public async ValueTask DisposeAsync()
        {
            await _reader.DisposeAsync();
            Person.Dispose();
            await Nginx.DisposeAsync();
            await Chat.DisposeAsync();
            _folder.Dispose();
        }

        private async Task<ReadAnswer> ReadAsync(Uri server, string path, int ranges, bool isHashed, CancellationToken cancellationToken)
        {
            var isPublic = path == AlonePath;
            var order = new ReadOrder(new Uri(server, path), isPublic ? null : Person.Token, _file.Length, ranges, isHashed);
            return JsonSerializer.Deserialize<ReadAnswer>(await _reader.AskAsync(JsonSerializer.Serialize(order), cancellationToken))!;
        }
    }
}
