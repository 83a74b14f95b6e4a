using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>
/// Gives EF's connections the same settings as the ones that are opened by hand, and lets few be open at once: SQLite works on the thread that asks, so that more than
/// a few only stand in each other's way, and each that ever was open at the same time as the others leaves a descriptor and its pages behind.
/// </summary>
internal sealed class PreparedConnections : DbConnectionInterceptor
{
    /// <summary>How many EF has open at once, but for those that could not wait.</summary>
    public const int Most = 8;

    // All of these are short. Whoever asks while it holds one itself, and finds all held by others who do the same, goes on after this.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _places = new(Most);
    private readonly ConcurrentDictionary<DbConnection, byte> _held = new();

    public override InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        if (_places.Wait(Patience))
            _held[connection] = 0;
        return result;
    }

    public override async ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (await _places.WaitAsync(Patience, cancellationToken))
            _held[connection] = 0;
        return result;
    }

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) =>
        SqliteEngine.Prepare((SqliteConnection)connection);

    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        // SQLite's calls are synchronous whatever they are named; this one touches no disk.
        SqliteEngine.Prepare((SqliteConnection)connection);
        return Task.CompletedTask;
    }

    public override void ConnectionFailed(DbConnection connection, ConnectionErrorEventData eventData) => LetGo(connection);

    public override Task ConnectionFailedAsync(DbConnection connection, ConnectionErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        LetGo(connection);
        return Task.CompletedTask;
    }

    public override void ConnectionClosed(DbConnection connection, ConnectionEndEventData eventData) => LetGo(connection);

    public override Task ConnectionClosedAsync(DbConnection connection, ConnectionEndEventData eventData)
    {
        LetGo(connection);
        return Task.CompletedTask;
    }

    // Of one that is disposed of while it is open EF tells nothing but this.
    public override void ConnectionDisposed(DbConnection connection, ConnectionEndEventData eventData) => LetGo(connection);

    public override Task ConnectionDisposedAsync(DbConnection connection, ConnectionEndEventData eventData)
    {
        LetGo(connection);
        return Task.CompletedTask;
    }

    private void LetGo(DbConnection connection)
    {
        if (_held.TryRemove(connection, out _))
            _places.Release();
    }
}
