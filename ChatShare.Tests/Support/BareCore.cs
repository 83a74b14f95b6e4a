using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Support;

/// <summary>
/// Core on a database of its own with a clock that can be set forward, and no host: nothing runs in the background.
/// </summary>
internal sealed class BareCore : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string?> _settings;
    private ServiceProvider _services;

    private BareCore(IEnumerable<(string Key, string Value)> settings)
    {
        _settings = settings.ToDictionary(s => "ChatShare:" + s.Key, s => (string?)s.Value);
        _services = NewServices();
    }

    public ForwardClock Clock { get; } = new();

    public string DataDirectory => _folder.File("data");

    public string DownloadsDirectory => _folder.File("downloads");

    public string SqliteConnectionString => ((SqliteEngine)Get<IDatabaseEngine>()).ConnectionString;

    public SessionService Sessions => Get<SessionService>();

    public AccountService Accounts => Get<AccountService>();

    public ConnectedUsers Connected => Get<ConnectedUsers>();

    public static async Task<BareCore> StartAsync(params (string Key, string Value)[] settings)
    {
        var host = new BareCore(settings);
        await host.OpenAsync();
        return host;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Lets another program use the folder; see <see cref="RestartAsync"/>.</summary>
    public ValueTask CloseAsync() => _services.DisposeAsync();

    /// <summary>The same folder in a new process, as far as Core can tell.</summary>
    public async Task RestartAsync()
    {
        await _services.DisposeAsync();
        _services = NewServices();
        await OpenAsync();
    }

    public Task<ChatShareDbContext> ContextAsync() =>
        Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(TestContext.Current.CancellationToken);

    public static Nickname Name(string text) =>
        Nickname.TryParse(text, out var name, out var error) ? name : throw new ArgumentException(error, nameof(text));

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    private Task OpenAsync() => Get<Database>().OpenAsync(TestContext.Current.CancellationToken);

    private ServiceProvider NewServices()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(_settings).Build();
        return new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(Clock)
            .AddChatShareCore(configuration, _folder.Path)
            .BuildServiceProvider(validateScopes: true);
    }
}
