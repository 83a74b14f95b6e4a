using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using Npgsql;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>
/// Writes each batch until it is durable, for a bearable time: over connections that end, servers that start again and other nodes that stood in the
/// way. A commit whose answer is lost is neither taken for done nor done again: the server is asked what became of its transaction, and for what it has written.
/// </summary>
internal sealed class PostgreSqlAppender(string connectionString, TimeProvider time, Outage outage, Committed committed) : IAppender
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private NpgsqlConnection? _connection;
    private Doubt? _doubt;

    /// <summary>How long a batch is tried: as long as somebody who has sent a message looks at it and waits.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    public bool IsInDoubt => _doubt is not null;

    public async Task WriteAsync(IReadOnlyList<LogEntry> batch, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        Exception? fault = null;
        for (var tries = 1; ; tries++)
        {
            try
            {
                if (await FindOutAsync(patience.Token) != batch)
                    await WriteOnceAsync(batch, patience.Token);
                outage.Ended();
                return;
            }
            catch (Exception e) when (Fault.IsPassing(e) || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                await CloseAsync();
                if (fault is null || e is not OperationCanceledException)
                    fault = e;
                // A connection that has ended is no more than that until the next one fails, too.
                if (!Fault.IsConflict(fault) && (tries > 1 || patience.IsCancellationRequested))
                    outage.Began(fault);
                if (patience.IsCancellationRequested)
                    throw FullDisk.Refusal(fault);
            }
            catch
            {
                await CloseAsync();
                throw;
            }

            await Task.Delay(Pause(tries), cancellationToken);
        }
    }

    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FindOutAsync(cancellationToken);
            outage.Ended();
        }
        catch (Exception e) when (Fault.IsPassing(e))
        {
            await CloseAsync();
            outage.Began(e);
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task WriteOnceAsync(IReadOnlyList<LogEntry> batch, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var commands = new PostgreSqlAppendCommands(connection, transaction);
        var number = await commands.LoadAsync(batch, cancellationToken);
        var results = new BatchWriter(commands, time).Write(batch);
        await commands.FlushAsync(cancellationToken);
        // From here to the answer it may have been committed, whatever happens.
        _doubt = new Doubt(number, batch, results);
        await transaction.CommitAsync(cancellationToken);
        _doubt = null;
        committed(batch, results);
    }

    /// <summary>The batch that was in doubt, when it turned out to be durable; otherwise null.</summary>
    private async Task<IReadOnlyList<LogEntry>?> FindOutAsync(CancellationToken cancellationToken)
    {
        if (_doubt is not { } doubt)
            return null;
        // A server that crashed gives the numbers of transactions again of which nothing was written out: a number that was committed may be another's
        // by now, and only what is there says that it was this one.
        var isCommitted = await IsCommittedAsync(doubt.Transaction, cancellationToken) && await IsThereAsync(doubt.Results, cancellationToken);
        _doubt = null;
        if (!isCommitted)
            return null;
        committed(doubt.Batch, doubt.Results);
        return doubt.Batch;
    }

    private async Task<bool> IsCommittedAsync(string transaction, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_xact_status($1::text::xid8)", await ConnectAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = transaction });
        try
        {
            return await command.ExecuteScalarAsync(cancellationToken) switch
            {
                "committed" => true,
                "in progress" => throw new TimeoutException("A transaction whose connection is lost has not ended yet."),
                _ => false,
            };
        }
        catch (PostgresException e) when (Fault.IsUnknownTransaction(e))
        {
            return false;
        }
    }

    private async Task<bool> IsThereAsync(IReadOnlyList<AppendResult> results, CancellationToken cancellationToken)
    {
        ChatMessage[] changed = [.. results.Where(result => result.IsNew).Select(result => result.Message!)];
        var command = Sql.Command(
            Sql.CountChanges, changed.Select(message => message.RoomId).ToArray(), changed.Select(message => message.Number).ToArray(),
            changed.Select(message => message.PersonId).ToArray(), changed.Select(message => message.ClientId).ToArray(), changed.Select(message => message.Changed).ToArray());
        await using var asking = new NpgsqlBatch(await ConnectAsync(cancellationToken)) { BatchCommands = { command } };
        return await asking.ExecuteScalarAsync(cancellationToken) is long count && count == changed.Length;
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_connection is null)
        {
            _connection = new NpgsqlConnection(connectionString);
            await Connecting.OpenAsync(_connection, cancellationToken);
        }

        return _connection;
    }

    private async Task CloseAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        _connection = null;
    }

    /// <summary>Longer each time, and never the same for two who stand in each other's way.</summary>
    private static TimeSpan Pause(int tries) =>
        Math.Min(10 * Math.Pow(2, tries), LongestPause.TotalMilliseconds) * (0.5 + (Random.Shared.NextDouble() / 2)) * TimeSpan.FromMilliseconds(1);

    /// <summary>A batch that may be durable.</summary>
    private sealed record Doubt(string Transaction, IReadOnlyList<LogEntry> Batch, IReadOnlyList<AppendResult> Results);
}
