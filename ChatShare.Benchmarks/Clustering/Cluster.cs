using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ChatShare.Benchmarks.FanningOut;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>Nodes, the PostgreSQL that they have together, Redis where they are several, and the generator that loads them: processes of their own.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly TemporaryFolder _downloads = new();
    private readonly List<Node> _nodes = [];
    private PostgreSql? _postgreSql;
    private Redis? _redis;
    private ChildProcess? _generator;

    private Cluster(int nodes) => Nodes = nodes;

    public int Nodes { get; }

    /// <summary>Whether its nodes can be kept to their shares.</summary>
    public bool IsHeld => _nodes.TrueForAll(node => node.Share is not null);

    private ChildProcess Generator => _generator!;

    /// <param name="nodes">How many.</param>
    /// <param name="cores">What each of them may take when it is held; null for as much as it wants.</param>
    /// <param name="people">How many connect at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Cluster> StartAsync(int nodes, double? cores, int people, CancellationToken cancellationToken)
    {
        var cluster = new Cluster(nodes);
        try
        {
            cluster._postgreSql = await PostgreSql.StartAsync(cancellationToken);
            cluster._redis = nodes > 1 ? await Redis.StartAsync(cancellationToken) : null;
            for (var i = 0; i < nodes; i++)
                await cluster.AddNodeAsync(cores, cancellationToken);
            cluster._generator = ChildProcess.StartSelf(
                [FanningOut.Generator.Mode, string.Join(',', cluster._nodes.Select(node => node.Server.Address)), nameof(PageKind.Chat), Text(people)],
                new Dictionary<string, string>());
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
    public Task ConnectAsync(int count, CancellationToken cancellationToken) => Generator.AskAsync($"connect {Text(count)}", cancellationToken);

    /// <summary>One after the other, as fast as they are acknowledged.</summary>
    public Task PostAsync(int count, CancellationToken cancellationToken) => Generator.AskAsync($"post {Text(count)}", cancellationToken);

    /// <param name="order">See <see cref="FanningOut.Generator"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ClusterRun> RunAsync(string order, CancellationToken cancellationToken)
    {
        var (before, idle, at) = (Cpu(), Machine.IdleSeconds(), Stopwatch.GetTimestamp());
        var answer = await Generator.AskAsync(order, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(at).TotalSeconds;
        idle = (Machine.IdleSeconds() - idle) / seconds / Environment.ProcessorCount;
        var after = Cpu();
        return new ClusterRun(
            JsonSerializer.Deserialize<RunResult>(answer)!, seconds, [.. after.Nodes.Zip(before.Nodes, (now, then) => now - then)],
            after.PostgreSql - before.PostgreSql, after.Redis - before.Redis, after.Generator - before.Generator, idle);
    }

    public async ValueTask DisposeAsync()
    {
        if (_generator is not null)
            await _generator.DisposeAsync();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
        if (_postgreSql is not null)
            await _postgreSql.DisposeAsync();
        _downloads.Dispose();
    }

    private (double[] Nodes, double PostgreSql, double Redis, double Generator) Cpu() =>
        ([.. _nodes.Select(node => node.Server.Process.CpuSeconds)], _postgreSql!.CpuSeconds, _redis?.CpuSeconds ?? 0, Generator.CpuSeconds);

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
