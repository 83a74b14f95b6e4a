using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Tests.Support;

/// <summary>Several servers without their doors that are one chat: one database, one Redis, one folder of files.</summary>
internal sealed class Nodes : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<CoreHost> _hosts = [];

    private Nodes(RedisServer redis, string database)
    {
        Redis = redis;
        Database = database;
    }

    public RedisServer Redis { get; }

    /// <summary>How the database is reached.</summary>
    public string Database { get; }

    public CoreHost this[int node] => _hosts[node];

    private (string Key, string Value)[] Settings =>
    [
        ("Storage:Provider", "PostgreSql"), ("Storage:ConnectionString", Database), ("Cluster:Redis", Redis.Address),
        ("Downloads:Directory", _folder.File("downloads")),
    ];

    /// <summary>What makes a real process one of them.</summary>
    public string[] ProcessSettings() => [.. Settings.Select(setting => $"ChatShare:{setting.Key}={setting.Value}")];

    /// <summary>The same session as another node knows it.</summary>
    public async Task<PersonSession> FindAsync(int node, PersonSession session) =>
        (await this[node].Sessions.FindAsync(session.Id, TestContext.Current.CancellationToken))!;

    /// <summary>Skips the test where PostgreSQL or Redis is missing.</summary>
    public static async Task<Nodes> StartAsync(int count = 2, bool isCluster = false)
    {
        PostgreSqlServer.Require();
        RedisServer.Require();
        var nodes = new Nodes(await RedisServer.StartAsync(isCluster), await PostgreSqlServer.NewDatabaseAsync());
        try
        {
            for (var i = 0; i < count; i++)
                await nodes.AddAsync();
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    /// <param name="others">Settings that it has instead of those of the first.</param>
    public async Task<CoreHost> AddAsync(params (string Key, string Value)[] others)
    {
        var host = await CoreHost.StartAsync(TestContext.Current.CancellationToken, [.. Settings, .. others]);
        _hosts.Add(host);
        return host;
    }

    /// <summary>The same room as another node knows it, as soon as it does.</summary>
    public async Task<Room> RoomAsync(int node, Room room)
    {
        await Eventually.TrueAsync(() => Task.FromResult(this[node].Rooms.Find(room.Id) is not null));
        return this[node].Rooms.Find(room.Id)!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await Redis.DisposeAsync();
        _folder.Dispose();
    }
}
