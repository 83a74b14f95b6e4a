using System.Globalization;

namespace ChatShare.Tests.Support;

/// <summary>
/// Whole nodes as processes behind nginx or Caddy, with a PostgreSQL and a Redis of their own: each part of it can be broken, and comes back where it
/// was.
/// </summary>
internal sealed class NodeProcesses : IAsyncDisposable
{
    private const string DatabaseName = "chatshare";

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();
    private readonly List<ServerProcess> _nodes = [];
    private Front? _front;

    private NodeProcesses(PostgreSqlProcess postgreSql, RedisServer redis)
    {
        PostgreSql = postgreSql;
        Redis = redis;
    }

    public PostgreSqlProcess PostgreSql { get; }

    public RedisServer Redis { get; }

    public IReadOnlyList<ServerProcess> Nodes => _nodes;

    public Front Front => _front!;

    /// <summary>How the database is reached.</summary>
    public string Database => PostgreSql.Database(DatabaseName);

    private string Downloads => _folder.File("downloads");

    /// <summary>What makes a process one of the nodes. Nobody is slowed down: what is measured is what is lost.</summary>
    public string[] Settings =>
    [
        .. PostgreSqlServer.SettingsFor(Database), $"ChatShare:Cluster:Redis={Redis.Address}", $"ChatShare:Downloads:Directory={Downloads}",
        "ChatShare:TrustedProxies=127.0.0.1", "ChatShare:Downloads:AccelRedirectPrefix=/protected", "ChatShare:Admin:UserName=Root",
        "ChatShare:Admin:Password=correct horse battery", "ChatShare:Limits:MessagesPerSecond=0", "ChatShare:Limits:ApiRequestsPerSecond=0",
        "ChatShare:Limits:JoinsPerMinutePerAddress=0", "ChatShare:Limits:EventStreamsPerPerson=0", "ChatShare:Limits:RoomsPerHour=0",
    ];

    /// <summary>Skips the test where a server is missing.</summary>
    public static async Task<NodeProcesses> StartAsync(string front, int nodes)
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        Front.Require(front);
        var rig = new NodeProcesses(await PostgreSqlProcess.StartAsync(), await RedisServer.StartAsync());
        try
        {
            await PostgreSqlServer.AskAsync(rig.PostgreSql.Database("postgres"), $"CREATE DATABASE {DatabaseName} TEMPLATE template0");
            // All at once, as machines do after a power failure.
            rig._nodes.AddRange(await Task.WhenAll(Enumerable.Range(0, nodes).Select(_ => ServerProcess.StartAsync(CancellationToken.None, rig.Settings))));
            rig._front = await Front.StartAsync(front, rig.Downloads, [.. rig._nodes.Select(node => node.Address)]);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>How many pages are connected to a node.</summary>
    public static async Task<int> PagesAsync(ServerProcess node)
    {
        const string pages = "chatshare_circuits{chatshare_circuit_state=\"Connected\"} ";
        using var http = new HttpClient();
        var line = (await http.GetStringAsync(new Uri(node.Address + "/metrics"), TestContext.Current.CancellationToken)).Split('\n').FirstOrDefault(line => line.StartsWith(pages, StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line[pages.Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>Whether all nodes say that they are ready, or that they are not.</summary>
    public async Task AreReadyAsync(bool ready)
    {
        using var http = new HttpClient();
        foreach (var node in _nodes)
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    using var answer = await http.GetAsync(new Uri(node.Address + "/health/ready"), TestContext.Current.CancellationToken);
                    return answer.IsSuccessStatusCode == ready;
                },
                Long);
        }
    }

    /// <summary>Ends every connection to the database.</summary>
    public Task EndDatabaseConnectionsAsync() => PostgreSqlServer.AskAsync(
        PostgreSql.Database("postgres"), $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{DatabaseName}'");

    public async ValueTask DisposeAsync()
    {
        if (_front is not null)
            await _front.DisposeAsync();
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await Redis.DisposeAsync();
        await PostgreSql.DisposeAsync();
        _folder.Dispose();
    }
}
