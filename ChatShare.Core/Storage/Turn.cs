using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage;

/// <summary>
/// The turn for what two nodes must not do at the same time: a lock of the database that goes with the transaction that holds it. Disposed, it is given back.
/// </summary>
/// <remarks>
/// A program that is frozen, or hangs at a disk that is away, would keep it for ever, and all nodes would wait; so the server ends a transaction that
/// says nothing for <see cref="MostIdle"/>. Whoever did stand still goes on as if nothing had been, and asks before it does what nobody could undo.
/// </remarks>
internal sealed class Turn(SemaphoreSlim here, ChatShareDbContext db) : IDisposable
{
    /// <summary>
    /// Longer than the slowest thing that is done in one: a change that waits in the log behind one batch, each of which is tried for ten seconds, with as much
    /// again for a slow disk.
    /// </summary>
    public static readonly TimeSpan MostIdle = TimeSpan.FromSeconds(30);

    /// <summary>To somebody who has waited for it in vain, or has lost it.</summary>
    public static RefusedException Refusal(Exception? cause) =>
        new(RefusalKind.Elsewhere, "Another part of the server is busy. Try again in a moment.", cause) { RetryAfter = TimeSpan.FromSeconds(1) };

    /// <summary>Whether nobody else has had it since it was taken. It counts as said: from now on the server waits anew.</summary>
    public async Task<bool> IsHeldAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Not by the context, which would open a connection that has ended anew.
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = "SELECT 1";
            await command.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is DbException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <exception cref="RefusedException"><see cref="RefusalKind.Elsewhere"/>: somebody else may have it, or have had it.</exception>
    public async Task DemandAsync(CancellationToken cancellationToken)
    {
        if (!await IsHeldAsync(cancellationToken))
            throw Refusal(cause: null);
    }

    public void Dispose()
    {
        try
        {
            db.Dispose();
        }
        finally
        {
            here.Release();
        }
    }
}
