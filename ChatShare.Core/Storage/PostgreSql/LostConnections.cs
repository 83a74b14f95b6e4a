using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>
/// When the server has ended one connection it mostly has ended all: those that the pool still keeps would each fail somebody once, so they go at the first sign.
/// </summary>
internal sealed class LostConnections : DbCommandInterceptor
{
    public static void Forget(string connectionString)
    {
        using var any = new NpgsqlConnection(connectionString);
        NpgsqlConnection.ClearPool(any);
    }

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => Look(command, eventData);

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Look(command, eventData);
        return Task.CompletedTask;
    }

    private static void Look(DbCommand command, CommandErrorEventData failure)
    {
        if (Fault.IsLoss(failure.Exception) && command.Connection is NpgsqlConnection connection)
            NpgsqlConnection.ClearPool(connection);
    }
}
