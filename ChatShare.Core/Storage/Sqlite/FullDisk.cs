using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ChatShare.Core.Storage.Sqlite;

/// <summary>
/// A disk that has no room for what somebody wants to be stored refuses it, with a sentence for them, as the append path does; it is no
/// fault of the program. What cannot be read is a fault: nobody may take it for something that is not there, or not theirs to see.
/// </summary>
internal sealed class FullDisk : DbCommandInterceptor, IDbTransactionInterceptor
{
    private const int Unwritable = 10; // SQLITE_IOERR
    private const int Full = 13; // SQLITE_FULL
    private const int Unopenable = 14; // SQLITE_CANTOPEN: the log beside the database, for one, has no place for its name.

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData)
    {
        if (IsWrite(eventData))
            Refuse(eventData.Exception);
    }

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        CommandFailed(command, eventData);
        return Task.CompletedTask;
    }

    public void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData) => Refuse(eventData.Exception);

    public Task TransactionFailedAsync(DbTransaction transaction, TransactionErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Refuse(eventData.Exception);
        return Task.CompletedTask;
    }

    public static bool IsBehind(Exception exception) =>
        exception is RefusedException { Kind: RefusalKind.DiskFull } or SqliteException { SqliteErrorCode: Unwritable or Full or Unopenable }
        || (exception.InnerException is { } inner && IsBehind(inner));

    public static RefusedException Refusal(Exception cause) =>
        new(RefusalKind.DiskFull, "The server cannot store anything right now. Retry in a moment.", cause);

    private static bool IsWrite(CommandErrorEventData failed) => failed.CommandSource is not (CommandSource.LinqQuery or CommandSource.FromSqlQuery);

    private static void Refuse(Exception exception)
    {
        if (IsBehind(exception))
            throw Refusal(exception);
    }
}
