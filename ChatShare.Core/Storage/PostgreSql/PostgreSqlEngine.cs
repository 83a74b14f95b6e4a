using System.Data;
using System.Data.Common;
using ChatShare.Core.Cluster;
using ChatShare.Core.Messages;
using ChatShare.Core.Storage.Copying;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>A database on a server, which several programs may use at once.</summary>
internal sealed class PostgreSqlEngine(string connectionString) : IDatabaseEngine
{
    // What is said twice counts as it is said last. Nobody waits for long for a server that is away, and a few programs have room on a
    // server with the hundred connections that it takes by default.
    private const string Defaults = "Application Name=ChatShare;Timeout=5;Command Timeout=10;Keepalive=30;Max Auto Prepare=64;Maximum Pool Size=30;";

    // Locks of this kind are numbers; this one stands for the tables of ChatShare.
    private const long MigrationLock = 4_841_207_011;
    private const int MigrationSeconds = 600;

    private readonly NpgsqlConnectionStringBuilder _connection = new(Defaults + connectionString);

    public string Description => $"The database {_connection.Database} on {_connection.Host} (ChatShare:Storage:ConnectionString)";

    public bool IsShared => true;

    public string ConnectionString => _connection.ToString();

    /// <summary>What is wrong with how it is to be reached, as the rest of a sentence; null when it can be tried.</summary>
    public static string? FaultOf(string connectionString)
    {
        const string example = "such as Host=db.example;Database=chatshare;Username=chatshare;Password=…";
        try
        {
            var read = new NpgsqlConnectionStringBuilder(connectionString);
            return read.Host is null or "" || read.Database is null or "" ? $"has to name a host and a database, {example}." : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // What the exception says may be part of a password.
            return $"cannot be read; it has to be {example}.";
        }
    }

    public bool MayPass(Exception fault) => Fault.IsPassing(fault);

    public void Configure(DbContextOptionsBuilder options) => Configure(options, new IdleTransactions(IdleTransactions.OfServers));

    private void Configure(DbContextOptionsBuilder options, IdleTransactions idle) =>
        // The default strategy would put a layer around faults that are told apart by what they are.
        options.UseNpgsql(ConnectionString, npgsql => npgsql.ExecutionStrategy(dependencies => new NonRetryingExecutionStrategy(dependencies)))
            .AddInterceptors(new FullDisk(), new Connecting(), idle)
            // Whoever asks is told by an exception; a server that is away would fill the log with every try, where Outage has two lines.
            .ConfigureWarnings(events => events.Log(
                (RelationalEventId.ConnectionError, LogLevel.Debug), (RelationalEventId.CommandError, LogLevel.Debug), (RelationalEventId.TransactionError, LogLevel.Debug),
                (CoreEventId.QueryIterationFailed, LogLevel.Debug), (CoreEventId.SaveChangesFailed, LogLevel.Debug)));

    public async Task<IAsyncDisposable?> PrepareAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        // A lock goes with the connection that holds it, however the program ends.
        var turn = (NpgsqlConnection)await ConnectAsync(cancellationToken);
        try
        {
            foreach (var setting in new[] { "fsync", "synchronous_commit" })
                await DemandDurableAsync(turn, setting, cancellationToken);
            if (await SettingAsync(turn, "server_encoding", cancellationToken) is not "UTF8" and var encoding)
                throw new StorageException($"{Description} has the encoding {encoding} and cannot hold every text. Make one with ENCODING 'UTF8'.");
            await using var command = new NpgsqlCommand("SELECT pg_advisory_lock($1)", turn) { CommandTimeout = MigrationSeconds };
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = MigrationLock });
            await command.ExecuteNonQueryAsync(cancellationToken);
            db.Database.SetCommandTimeout(MigrationSeconds);
            return turn;
        }
        catch
        {
            await turn.DisposeAsync();
            throw;
        }
    }

    public Task MigrateAsync(ChatShareDbContext db, CancellationToken cancellationToken) => db.Database.MigrateAsync(cancellationToken);

    public async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ToString());
        try
        {
            await Connecting.OpenAsync(connection, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task DemandAloneAsync(CancellationToken cancellationToken)
    {
        await using var connection = (NpgsqlConnection)await ConnectAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()
            """,
            connection);
        // One is this program's, and holds the turn. Nodes may have names of their own, and say in the database that they live.
        if (await command.ExecuteScalarAsync(cancellationToken) is > 1L || await IsAnyNodeAliveAsync(connection, cancellationToken))
            throw new StorageException($"{Description} is in use by another ChatShare.");
    }

    private static async Task<bool> IsAnyNodeAliveAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var table = new NpgsqlCommand("""SELECT to_regclass('"Nodes"') IS NOT NULL""", connection);
        if (await table.ExecuteScalarAsync(cancellationToken) is not true)
            return false;
        await using var nodes = new NpgsqlCommand(UploadLeases.IsAnybodyAlive, connection);
        return await nodes.ExecuteScalarAsync(cancellationToken) is true;
    }

    public ChatShareDbContext NewReadingContext() => NewContext();

    public ChatShareDbContext NewContext()
    {
        var options = new DbContextOptionsBuilder<PostgreSqlChatShareDbContext>();
        Configure(options, IdleTransactions.OfCopies);
        return new PostgreSqlChatShareDbContext(options.Options);
    }

    public async Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await IdleTransactions.OfCopies.LimitAsync(connection, transaction, cancellationToken);
        return transaction;
    }

    public async Task ContinueNumbersAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        foreach (var table in CopiedTable.Of(db))
        {
            foreach (var column in table.Integers)
            {
                await using var command = (NpgsqlCommand)db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // Names of the model.
                // Does nothing when one of both is null: no row, or a column that nobody numbers.
                command.CommandText = $"""SELECT setval(pg_get_serial_sequence('"{table.Name}"', '{column}'), (SELECT max("{column}") FROM "{table.Name}"))""";
#pragma warning restore CA2100
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }

    public IAppender NewAppender(TimeProvider time, Outage outage, Committed committed) =>
        new PostgreSqlAppender(ConnectionString, time, outage, committed);

    /// <summary>Closes what is kept open.</summary>
    public void Dispose()
    {
        using var connection = new NpgsqlConnection(ConnectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private async Task DemandDurableAsync(NpgsqlConnection connection, string setting, CancellationToken cancellationToken)
    {
        if (await SettingAsync(connection, setting, cancellationToken) is "off")
            throw new StorageException($"{Description} has \"{setting}\" off and would lose messages that were acknowledged. Turn it on there.");
    }

    private static async Task<string?> SettingAsync(NpgsqlConnection connection, string setting, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT current_setting($1)", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = setting });
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }
}
