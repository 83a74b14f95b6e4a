using System.Data.Common;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>
/// Opens connections. A server whose name is not known at the moment, as that of a container that is started anew, is away like any other; the driver tells
/// it by a fault that is none of a database (npgsql#5606), which whoever waits for a database would take for one of the program.
/// </summary>
internal sealed class Connecting : DbConnectionInterceptor
{
    /// <exception cref="NpgsqlException">It cannot be reached, or refuses.</exception>
    public static async Task OpenAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await connection.OpenAsync(cancellationToken);
        }
        catch (SocketException e)
        {
            throw Away(e);
        }
    }

    public override async ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        await OpenAsync(connection, cancellationToken);
        return InterceptionResult.Suppress();
    }

    public override InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        try
        {
            connection.Open();
        }
        catch (SocketException e)
        {
            throw Away(e);
        }

        return InterceptionResult.Suppress();
    }

    private static NpgsqlException Away(SocketException e) => new($"The server cannot be reached: {e.Message}", e);
}
