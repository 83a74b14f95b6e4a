using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>
/// How long a transaction may lie idle, said to the server within each: a node that stands still, as a machine that is paused, would keep the others out of what
/// it has locked for as long. (Not said with the connection: neither a proxy for connections nor one that is taken out of the pool again keeps that.)
/// </summary>
internal sealed class IdleTransactions(TimeSpan longest) : DbTransactionInterceptor
{
    /// <summary>The setting, in milliseconds; 0 is without end.</summary>
    public const string Setting = "idle_in_transaction_session_timeout";

    /// <summary>
    /// Between two statements of a server lie milliseconds. Whoever waits for what is locked is told after ten seconds that nothing is stored: before that it has
    /// to be over, and a node that paused for less is not to be disturbed.
    /// </summary>
    public static readonly TimeSpan OfServers = TimeSpan.FromSeconds(5);

    private readonly string _statement = string.Create(CultureInfo.InvariantCulture, $"SET LOCAL {Setting} = {longest.TotalMilliseconds:F0}");

    /// <summary>For those who copy all that there is: they read here as slowly as they write elsewhere, and lock what nobody else uses.</summary>
    public static IdleTransactions OfCopies { get; } = new(TimeSpan.Zero);

    public override async ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        await LimitAsync(connection, result, cancellationToken);
        return result;
    }

    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        using var command = Command(connection, result);
        command.ExecuteNonQuery();
        return result;
    }

    /// <summary>For a transaction that was not begun by a context.</summary>
    public async Task LimitAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private DbCommand Command(DbConnection connection, DbTransaction transaction)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // A number.
        command.CommandText = _statement;
#pragma warning restore CA2100
        return command;
    }
}
