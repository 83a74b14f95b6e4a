using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>Nodes, the PostgreSQL that they have together, Redis where they are several, and the generators that load them, one for each room: processes of their own.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly TemporaryFolder _downloads = new();
    private readonly List<Node> _nodes = [];
    private PostgreSql? _postgreSql;
    private Redis? _redis;
    private readonly List<ChildProcess> _generators = [];

    private Cluster(int nodes) => Nodes = nodes;

    public int Nodes { get; }

    /// <summary>Whether its nodes can be kept to their shares.</summary>
    public bool IsHeld => _nodes.TrueForAll(node => node.Share is not null);

    /// <param name="nodes">How many.</param>
    /// <param name="cores">What each of them may take when it is held; null for as much as it wants.</param>
    /// <param name="people">How many connect at most.</param>
    /// <param name="rooms">Among how many rooms they are spread.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Cluster> StartAsync(int nodes, double? cores, int people, int rooms, CancellationToken cancellationToken)
    {
        var cluster = new Cluster(nodes);
        try
        {
            cluster._postgreSql = await PostgreSql.StartAsync(cancellationToken);
            cluster._redis = nodes > 1 ? await Redis.StartAsync(cancellationToken) : null;
            for (var i = 0; i < nodes; i++)
                await cluster.AddNodeAsync(cores, cancellationToken);
            for (var room = 0; room < rooms; room++)
                await cluster.AddRoomAsync(room, people / rooms, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where somebody finds a node.</summary>
    public Uri AddressOf(int node) => _nodes[node].Server.Address;

    /// <summary>From now on each node gets its share and no more.</summary>
    public void Hold() => _nodes.ForEach(node => node.Share?.Hold());

    /// <summary>From now on each node gets what it wants.</summary>
    public void Free() => _nodes.ForEach(node => node.Share?.Free());

    /// <summary>Until so many are connected, as many to each node.</summary>
    public Task ConnectAsync(int count, CancellationToken cancellationToken) => AskAllAsync($"connect {Text(Math.Max(1, count / _generators.Count))}", cancellationToken);

    /// <summary>So many to each room, one after the other, as fast as they are acknowledged.</summary>
    public Task PostAsync(int count, CancellationToken cancellationToken) => AskAllAsync($"post {Text(count)}", cancellationToken);

    /// <param name="order">For each room, see <see cref="Generator"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ClusterRun> RunAsync(string order, CancellationToken cancellationToken)
    {
        var (before, idle, at) = (Cpu(), Machine.IdleSeconds(), Stopwatch.GetTimestamp());
        var answers = await AskAllAsync(order, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(at).TotalSeconds;
        idle = (Machine.IdleSeconds() - idle) / seconds / Environment.ProcessorCount;
        var after = Cpu();
        return new ClusterRun(
            RunResult.Together([.. answers.Select(answer => JsonSerializer.Deserialize<RunResult>(answer)!)]), seconds, [.. after.Nodes.Zip(before.Nodes, (now, then) => now - then)],
            [.. after.Stopped.Zip(before.Stopped, (now, then) => now - then)], after.PostgreSql - before.PostgreSql, after.Redis - before.Redis, after.Generator - before.Generator, idle);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var generator in _generators)
            await generator.DisposeAsync();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
        if (_postgreSql is not null)
            await _postgreSql.DisposeAsync();
        _downloads.Dispose();
    }

    private (double[] Nodes, long[] Stopped, double PostgreSql, double Redis, double Generator) Cpu() =>
        ([.. _nodes.Select(node => node.Server.Process.CpuSeconds)], [.. _nodes.Select(node => node.Share?.StoppedPeriods ?? 0)], _postgreSql!.CpuSeconds, _redis?.CpuSeconds ?? 0, _generators.Sum(generator => generator.CpuSeconds));

    private Task<string[]> AskAllAsync(string order, CancellationToken cancellationToken) =>
        Task.WhenAll(_generators.Select(generator => generator.AskAsync(order, cancellationToken)));

    /// <summary>Its readers go to all nodes in turn, its sender to a node of its own while there are as many.</summary>
    private async Task AddRoomAsync(int number, int people, CancellationToken cancellationToken)
    {
        var name = number == 0 ? "Lobby" : $"Room{Text(number)}-";
        if (number > 0)
        {
            using var maker = await ChatClient.JoinAsync(AddressOf(0), $"Maker{Text(number)}", cancellationToken);
            await maker.CreateRoomAsync(name, cancellationToken);
            await maker.LeaveAsync(cancellationToken);
        }

        var servers = Enumerable.Range(0, Nodes).Select(i => AddressOf((number + i) % Nodes));
        _generators.Add(ChildProcess.StartSelf([Generator.Mode, string.Join(',', servers), nameof(PageKind.Chat), Text(people), name], new Dictionary<string, string>()));
    }

    private async Task AddNodeAsync(double? cores, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>
        {
            ["ChatShare__Storage__Provider"] = "PostgreSql",
            ["ChatShare__Storage__ConnectionString"] = _postgreSql!.Database,
            ["ChatShare__Downloads__Directory"] = _downloads.Sub("downloads"),
        };
        if (_redis is not null)
            settings["ChatShare__Cluster__Redis"] = _redis.Address;
        var folder = new TemporaryFolder();
        var share = cores is { } some ? CpuShare.TryMake(some) : null;
        try
        {
            var server = await MeasuredServer.StartChatAsync(
                folder, (web, environment) => share?.Start(web, environment) ?? ChildProcess.Start(web, [], environment), cancellationToken, settings);
            _nodes.Add(new Node(server, share, folder));
        }
        catch
        {
            share?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Node(MeasuredServer Server, CpuShare? Share, TemporaryFolder Folder) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Share?.Dispose();
            Folder.Dispose();
        }
    }
}
