using System.Collections.Concurrent;
using ChatShare.Core;
using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Tests.Support;

/// <summary>
/// A whole chat server without its doors, on folders of its own. It can be stopped and started again on the same folders.
/// Rates are not limited unless the settings say so: most tests are in a hurry.
/// </summary>
internal sealed class CoreHost : IAsyncDisposable
{
    private readonly string _root;
    private readonly bool _ownsRoot;
    private readonly Dictionary<string, string?> _settings;
    private readonly ErrorCollector _errors = new();
    private IHost? _host;

    private CoreHost(string? root, (string Key, string Value)[] settings)
    {
        _ownsRoot = root is null;
        _root = root ?? Directory.CreateTempSubdirectory("chatshare-").FullName;
        _settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ChatShare:Limits:MessagesPerSecond"] = "0",
            ["ChatShare:Limits:UploadsPerMinute"] = "0",
            ["ChatShare:Limits:RoomsPerHour"] = "0",
        };
        foreach (var (key, value) in settings)
            _settings["ChatShare:" + key] = value;
    }

    public string Downloads => _settings.GetValueOrDefault("ChatShare:Downloads:Directory") ?? Path.Combine(_root, "downloads");

    /// <summary>The time of the server; it goes on over restarts.</summary>
    public ForwardClock Clock { get; } = new();

    public RoomService Rooms => Get<RoomService>();

    public Room Lobby => Rooms.Find(RoomService.Lobby)!;

    public UploadService Uploads => Get<UploadService>();

    public ConnectedUsers Connected => Get<ConnectedUsers>();

    public SessionService Sessions => Get<SessionService>();

    public MessageLog Log => Get<MessageLog>();

    public ReadMarks Marks => Get<ReadMarks>();

    /// <summary>What happens to uploads because time goes by, to be done now.</summary>
    public UploadClock UploadClock => Get<IEnumerable<IHostedService>>().OfType<UploadClock>().Single();

    /// <summary>What a node among several does every few seconds for its uploads, to be done now.</summary>
    public Task KeepLeaseAsync(CancellationToken cancellationToken) =>
        Get<IEnumerable<IHostedService>>().OfType<UploadRepair>().Single().KeepAsync(cancellationToken);

    /// <summary>Whatever was logged as an error since the beginning.</summary>
    public IReadOnlyCollection<string> Errors => _errors.Lines;

    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="settings">Keys without <c>ChatShare:</c>.</param>
    public static Task<CoreHost> StartAsync(CancellationToken cancellationToken, params (string Key, string Value)[] settings) =>
        StartAtAsync(null, cancellationToken, settings);

    /// <summary>On folders that somebody else keeps.</summary>
    public static async Task<CoreHost> StartAtAsync(
        string? root, CancellationToken cancellationToken, params (string Key, string Value)[] settings)
    {
        var host = new CoreHost(root, settings);
        if (root is null && PostgreSqlServer.IsDefault && !host._settings.ContainsKey("ChatShare:Storage:Provider"))
        {
            foreach (var (key, value) in PostgreSqlServer.CoreSettingsFor(await PostgreSqlServer.NewDatabaseAsync()))
                host._settings["ChatShare:" + key] = value;
        }

        if (root is null)
            await MigratedDatabase.PutAsync(Path.Combine(host._root, "data"));
        await host.StartAgainAsync(cancellationToken);
        return host;
    }

    public T Get<T>()
        where T : notnull => (_host ?? throw new InvalidOperationException("The host is stopped.")).Services.GetRequiredService<T>();

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(_settings);
        builder.Logging.AddProvider(_errors);
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddChatShareCore(builder.Configuration, _root);
        _host = builder.Build();
        await Get<Database>().OpenAsync(cancellationToken);
        await Get<RedisConnection>().OpenAsync(cancellationToken);
        await _host.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_host is null)
            return;
        await _host.StopAsync(cancellationToken);
        await ((IAsyncDisposable)_host).DisposeAsync();
        _host = null;
    }

    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        await StartAgainAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        if (_ownsRoot)
            Directory.Delete(_root, recursive: true);
    }

    public Task<PersonSession> JoinAsync(string nickname, CancellationToken cancellationToken) =>
        Sessions.JoinAsync(Make.Nickname(nickname), cancellationToken);

    public Participant Connect(PersonSession session, Door door = Door.Browser) => Connected.Connect(session, door, "10.0.0.1");

    /// <summary>A new person, connected, in a room.</summary>
    public async Task<RoomSession> EnterAsync(
        string nickname, CancellationToken cancellationToken, Room? room = null, long? afterNumber = null) =>
        await EnterAsync(await JoinAsync(nickname, cancellationToken), cancellationToken, room, afterNumber);

    /// <summary>One more connection of a person, in a room.</summary>
    public Task<RoomSession> EnterAsync(
        PersonSession session, CancellationToken cancellationToken, Room? room = null, long? afterNumber = null) =>
        Rooms.JoinAsync(room ?? Lobby, Connect(session), afterNumber, cancellationToken);

    public async Task<PersonSession> AdministratorAsync(CancellationToken cancellationToken)
    {
        var account = await Get<AccountService>()
            .CreateAdministratorAsync(Make.Nickname("root"), "a long enough password", cancellationToken);
        return await Sessions.SignInAsync(account, replaces: null, cancellationToken);
    }

    /// <summary>What the audit list holds, newest first, without how its reader became administrator.</summary>
    public async Task<IReadOnlyList<AuditEntry>> ActsAsync(PersonSession administrator, CancellationToken cancellationToken)
    {
        var all = await Get<Administration>().AuditAsync(1000, administrator, cancellationToken);
        Assert.Equal("Became administrator", all[^1].Action);
        return all[..^1];
    }

    public async Task<Room> CreateRoomAsync(string name, PersonSession who, CancellationToken cancellationToken) =>
        await Rooms.CreateAsync(Make.RoomName(name), null, who, cancellationToken);

    /// <summary>Everything the log holds of a room, by number.</summary>
    public async Task<IReadOnlyList<ChatMessage>> AllAsync(Room room, CancellationToken cancellationToken)
    {
        const int page = 1000;
        var all = new List<ChatMessage>();
        while (await Log.AfterAsync(room, all.Count > 0 ? all[^1].Number : 0, page, cancellationToken) is { Length: > 0 } next)
            all.AddRange(next);
        return all;
    }

    public Task<ChatShareDbContext> OpenDatabaseAsync(CancellationToken cancellationToken) =>
        Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(cancellationToken);

    /// <summary>Gives up the uploads whose time is over, as is done every half an hour.</summary>
    public Task SweepUploadsAsync() => UploadClock.SweepAsync(CancellationToken.None);

    public IReadOnlyList<string> PartialFiles() => TestFiles.PartialIn(Downloads);

    /// <summary>The hashes of all contents on disk.</summary>
    public IReadOnlyList<string> Contents() =>
        [.. Directory.GetFiles(Path.Combine(Downloads, "files"), "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path)!)];

    private sealed class ErrorCollector : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Lines.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
            // Outlives the hosts it serves: the lines of all of them are looked at together.
        }
    }
}
