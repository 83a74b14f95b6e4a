using ChatShare.Core.Messages;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>Writes through one connection, which is opened anew after a fault.</summary>
internal sealed class SqliteAppender(string connectionString, TimeProvider time, Outage outage, Committed committed) : IAppender
{
    private SqliteAppendCommands? _commands;

    /// <summary>Never: a commit that fails here has left nothing behind.</summary>
    public bool IsInDoubt => false;

    public Task WriteAsync(IReadOnlyList<LogEntry> batch, CancellationToken cancellationToken)
    {
        var results = Write(batch);
        outage.HasRoom();
        committed(batch, results);
        return Task.CompletedTask;
    }

    public Task SettleAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private AppendResult[] Write(IReadOnlyList<LogEntry> batch)
    {
        try
        {
            _commands ??= new SqliteAppendCommands(connectionString);
            _commands.Begin();
            try
            {
                var results = new BatchWriter(_commands, time).Write(batch);
                _commands.Commit();
                return results;
            }
            catch
            {
                _commands.Rollback();
                throw;
            }
        }
        catch (Exception e) when (SqliteChatShareDbContext.IsFull(e))
        {
            Close();
            outage.HasNoRoom(e);
            // All of it: none of them would fare better alone.
            throw FullDisk.Refusal(e);
        }
        catch
        {
            Close();
            throw;
        }
    }

    private void Close()
    {
        _commands?.Dispose();
        _commands = null;
    }
}
