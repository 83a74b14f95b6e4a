using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ChatShare.Core.Storage;

/// <summary>
/// A database that cannot take what somebody wants to be stored, for it has no room or is away, refuses it, with a sentence for them, as the append
/// path does; it is no fault of the program. What cannot be read is a fault: nobody may take it for something that is not there, or not theirs to see.
/// </summary>
internal sealed class FullDisk : DbCommandInterceptor, IDbTransactionInterceptor
{
    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData)
    {
        if (IsWrite(eventData))
            Refuse(eventData.Context, eventData.Exception);
    }

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        CommandFailed(command, eventData);
        return Task.CompletedTask;
    }

    public void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData) => Refuse(eventData.Context, eventData.Exception);

    public Task TransactionFailedAsync(DbTransaction transaction, TransactionErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Refuse(eventData.Context, eventData.Exception);
        return Task.CompletedTask;
    }

    public static RefusedException Refusal(Exception cause) =>
        new(RefusalKind.DiskFull, "The server cannot store anything right now. Retry in a moment.", cause);

    private static bool IsWrite(CommandErrorEventData failed) => failed.CommandSource is not (CommandSource.LinqQuery or CommandSource.FromSqlQuery);

    private static void Refuse(Microsoft.EntityFrameworkCore.DbContext? context, Exception exception)
    {
        if (context is ChatShareDbContext db && db.CannotStore(exception))
            throw Refusal(exception);
    }
}
