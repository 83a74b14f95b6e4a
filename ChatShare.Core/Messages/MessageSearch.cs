using System.Collections.Immutable;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Messages;

/// <summary>
/// Finds what was said in a room. The texts are looked through from the newest on, by this program and not by the database: both engines then find
/// the same in every script, and posting costs nothing more. A singleton.
/// </summary>
public sealed class MessageSearch : IDisposable
{
    /// <summary>How many look at a time: each takes a thread and a core, and those who only write need some as well.</summary>
    internal static readonly int Places = Math.Max(2, Environment.ProcessorCount / 2);

    // One look at the database: enough that the way there does not count, little enough that nobody who writes waits for it.
    private const int RowsAtATime = 2000;

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly PersonLimits _limits;
    private readonly SemaphoreSlim _places = new(Places);

    internal MessageSearch(IDbContextFactory<ChatShareDbContext> contexts, PersonLimits limits)
    {
        _contexts = contexts;
        _limits = limits;
    }

    /// <summary>Messages that have all the words, newest first.</summary>
    /// <param name="room">Where.</param>
    /// <param name="words">What they have to have.</param>
    /// <param name="before">Only those with a lower number: of the last one that is known, to go on; null for the newest.</param>
    /// <param name="limit">How many at most; there may be more when there are as many.</param>
    /// <param name="who">Who wants to know.</param>
    /// <param name="cancellationToken">Stops looking.</param>
    /// <returns>Without their files.</returns>
    /// <exception cref="RefusedException"><see cref="RefusalKind.NotPermitted"/>, <see cref="RefusalKind.SessionEnded"/>, <see cref="RefusalKind.TooFast"/>.</exception>
    public async Task<ImmutableArray<ChatMessage>> FindAsync(
        Room room, SearchWords words, long? before, int limit, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanRead(who), who);
        _limits.TakeLook(who.PersonId);
        // Not on the page's own thread: SQLite reads without letting go of it.
        return await Task.Run(() => LookAsync(room.Id, words, before ?? long.MaxValue, limit, cancellationToken), cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose() => _places.Dispose();

    private async Task<ImmutableArray<ChatMessage>> LookAsync(int roomId, SearchWords words, long before, int limit, CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<ChatMessage>();
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        while (true)
        {
            // For each look anew: a word that is nowhere goes through the whole room, and others come in between.
            await _places.WaitAsync(cancellationToken);
            try
            {
                var below = before;
                var rows = await db.Messages.AsNoTracking().Where(m => m.RoomId == roomId && m.Number < below)
                    .OrderByDescending(m => m.Number).Take(RowsAtATime).ToListAsync(cancellationToken);
                foreach (var row in rows)
                {
                    if (!row.Deleted && words.AreIn(row.Text))
                        found.Add(RowMapping.ToMessage(row, []));
                    if (found.Count == limit)
                        return found.ToImmutable();
                }

                if (rows.Count < RowsAtATime)
                    return found.ToImmutable();
                before = rows[^1].Number;
            }
            finally
            {
                _places.Release();
            }
        }
    }
}
