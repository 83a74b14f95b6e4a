using ChatShare.Core;
using ChatShare.Core.Storage;

namespace ChatShare.Web.Circuits;

/// <summary>What pages ask of a database that may be away for a while: an exception that leaves a component ends its whole page. A singleton.</summary>
public sealed class PageReads(Database database, TimeProvider time)
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(2);

    /// <summary>Does what somebody asked for by a button.</summary>
    /// <param name="act">It is not tried again: they read why not, and know whether they still want it.</param>
    /// <exception cref="RefusedException">Also when the database is away.</exception>
    public async Task OrRefuseAsync(Func<Task> act)
    {
        ArgumentNullException.ThrowIfNull(act);
        try
        {
            await act();
        }
        catch (Exception exception) when (database.IsAway(exception))
        {
            throw new RefusedException(RefusalKind.NotYet, "The server cannot read or store anything right now. Try again in a moment.", exception);
        }
    }

    /// <summary>Reads what a part of a page cannot be without: asks until it is answered.</summary>
    /// <param name="read">One try; called on the circuit.</param>
    /// <param name="gone">Cancelled with the page.</param>
    /// <exception cref="OperationCanceledException">The page is gone.</exception>
    public async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> read, CancellationToken gone)
    {
        ArgumentNullException.ThrowIfNull(read);
        while (true)
        {
            try
            {
                return await read();
            }
            catch (Exception exception) when (database.IsAway(exception))
            {
                await Task.Delay(AskAgainAfter, time, gone);
            }
        }
    }

    /// <summary>The same for what reads into a page itself.</summary>
    /// <param name="read">One try; called on the circuit.</param>
    /// <param name="gone">Cancelled with the page.</param>
    /// <exception cref="OperationCanceledException">The page is gone.</exception>
    public Task UntilAnsweredAsync(Func<Task> read, CancellationToken gone)
    {
        ArgumentNullException.ThrowIfNull(read);
        return UntilAnsweredAsync(ReadAsync, gone);

        async Task<bool> ReadAsync()
        {
            await read();
            return true;
        }
    }
}
