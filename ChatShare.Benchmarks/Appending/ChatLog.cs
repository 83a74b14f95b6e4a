using System.Diagnostics;
using ChatShare.Core;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Benchmarks.Appending;

/// <summary>The chat server without a web server: people in the Lobby who send and wait for the acknowledgement.</summary>
internal sealed class ChatLog : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly List<RoomSession> _senders = [];

    private ChatLog(IHost host) => _host = host;

    public static async Task<ChatLog> OpenAsync(string folder, int senders, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ChatShare:DataDirectory"] = folder,
            ["ChatShare:Downloads:Directory"] = Path.Combine(folder, "downloads"),
            ["ChatShare:Limits:MessagesPerSecond"] = "0",
        });
        builder.Services.AddLogging();
        builder.Services.AddChatShareCore(builder.Configuration, folder);
        var log = new ChatLog(builder.Build());
        await log._host.Services.GetRequiredService<Database>().OpenAsync(cancellationToken);
        await log._host.StartAsync(cancellationToken);
        for (var i = 0; i < senders; i++)
            log._senders.Add(await log.JoinAsync($"Sender{i}", cancellationToken));
        return log;
    }

    /// <summary>The database as it is now, in another folder.</summary>
    /// <returns>Its connection string.</returns>
    public string CopyDatabase(string folder)
    {
        var copy = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "copy.db"), ForeignKeys = true }.ToString();
        using var source = new SqliteConnection(((SqliteEngine)_host.Services.GetRequiredService<IDatabaseEngine>()).ConnectionString);
        using var target = new SqliteConnection(copy);
        source.Open();
        target.Open();
        source.BackupDatabase(target);
        return copy;
    }

    /// <returns>Acknowledged messages a second.</returns>
    public async Task<double> RunAsync(int senders, TimeSpan time, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(_senders.Take(senders).Select(sender => Task.Run(() => SendAsync(sender, watch, time, cancellationToken))));
        return counts.Sum() / watch.Elapsed.TotalSeconds;
    }

    /// <summary>Another place in the Lobby; nobody disposes it before the log.</summary>
    public async Task<RoomSession> JoinAsync(string name, CancellationToken cancellationToken)
    {
        if (!Nickname.TryParse(name, out var nickname, out var error))
            throw new InvalidOperationException(error);
        var services = _host.Services;
        var session = await services.GetRequiredService<SessionService>().JoinAsync(nickname, cancellationToken);
        var participant = services.GetRequiredService<ConnectedUsers>().Connect(session, Door.Api, "127.0.0.1");
        var rooms = services.GetRequiredService<RoomService>();
        return await rooms.JoinAsync(rooms.Find(RoomService.Lobby)!, participant, afterNumber: null, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sender in _senders)
        {
            await sender.DisposeAsync();
            sender.Participant.Dispose();
        }

        await _host.StopAsync();
        _host.Dispose();
    }

    private static async Task<long> SendAsync(RoomSession sender, Stopwatch watch, TimeSpan time, CancellationToken cancellationToken)
    {
        if (!MessageText.TryParse(Sample.Text, out var text, out var error))
            throw new InvalidOperationException(error);
        var count = 0L;
        for (; watch.Elapsed < time; count++)
            await sender.SendAsync(text, Sample.NewClientId(), cancellationToken);
        return count;
    }
}
