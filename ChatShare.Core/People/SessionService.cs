using System.Collections.Concurrent;
using System.Globalization;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.People;

/// <summary>
/// Makes sessions, finds them and ends them. The row is the truth and is written first; <see cref="PersonSession"/> is its
/// one living copy in this process. All members may be called from any thread.
/// </summary>
public sealed class SessionService(
    IDbContextFactory<ChatShareDbContext> contexts,
    ConnectedUsers connected,
    IOptions<ChatShareOptions> options,
    TimeProvider time,
    ILogger<SessionService> logger) : IDisposable
{
    private static readonly TimeSpan ConnectsWithin = TimeSpan.FromMinutes(1);

    // Weak: a copy lives as long as anybody holds it or its token, a connection, an upload or a request. The row brings it back. A company's
    // guests of years would not fit into the memory.
    private readonly ConcurrentDictionary<Guid, WeakReference<PersonSession>> _living = new();
    private readonly HeldNames _held = new(time);

    // Held while the copy of a row that was read is published, and while copies of ended rows are taken away: never while anybody waits for the database.
    private readonly Lock _publishing = new();

    // Held while a row is read, and by nobody who ends one. A page asks twenty times at once, and hundreds come together: one look is enough for all of
    // a page, and SQLite's driver keeps a thread for each, which those who are in would miss.
    private readonly SemaphoreSlim _reading = new(1);

    // How many were taken away, by which a reader sees that one was while it read.
    private long _endings;

    /// <summary>Begins a guest's session.</summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.Taken"/>: a guest holds the name, or it is an account's.</exception>
    public Task<PersonSession> JoinAsync(Nickname nickname, CancellationToken cancellationToken) =>
        JoinAsync(nickname, replaces: null, cancellationToken);

    /// <summary>Begins a guest's session and, in the same transaction, ends the one its browser had.</summary>
    /// <param name="nickname">The wanted name; the replaced session does not stand in its way.</param>
    /// <param name="replaces">Null when there is none. It goes on when joining is refused.</param>
    /// <param name="cancellationToken">Stops before the session is made.</param>
    /// <exception cref="RefusedException"><see cref="RefusalKind.Taken"/>: a guest holds the name, or it is an account's.</exception>
    public Task<PersonSession> JoinAsync(Nickname nickname, PersonSession? replaces, CancellationToken cancellationToken) =>
        JoinAsync(nickname, replaces, Held, cancellationToken);

    /// <summary>
    /// Begins a session that is worth nothing without its connection, as that of a TCP client: whoever has made it ends it when the connection
    /// does, and should the program die first, the name is not held.
    /// </summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.Taken"/>: a guest holds the name, or it is an account's.</exception>
    public Task<PersonSession> JoinForConnectionAsync(Nickname nickname, CancellationToken cancellationToken) =>
        // Held for as long as it takes to be connected, so that two who join at once do not get the same name.
        JoinAsync(nickname, replaces: null, ConnectsWithin, cancellationToken);

    private async Task<PersonSession> JoinAsync(Nickname nickname, PersonSession? replaces, TimeSpan held, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(nickname);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var ended = await FreeNameAsync(db, nickname, replaces, cancellationToken);
        var row = NewRow(nickname, personId: Guid.NewGuid(), accountId: null);
        // For the next run and for other nodes: this one has a better clock.
        row.LastSeenAt = (await NowOfAllAsync(db, cancellationToken) ?? row.CreatedAt) - Held + held;
        db.Sessions.Add(row);
        // First: who asks for the name between the commit and this would get it.
        _held.Hold(row.Id, held);
        try
        {
            return await BeginAsync(db, row, nickname, isAdministrator: false, ended, cancellationToken);
        }
        catch (DbUpdateException e) when (db.IsDuplicate(e))
        {
            throw Taken(nickname);
        }
    }

    /// <summary>
    /// Begins a session of someone whose password was checked and, in the same transaction, ends the one its browser had. All sessions of one account
    /// are one person.
    /// </summary>
    /// <param name="account">Whose.</param>
    /// <param name="replaces">That one's id; null when there is none. It goes on when the new one cannot be made.</param>
    /// <param name="cancellationToken">Stops before the session is made.</param>
    public async Task<PersonSession> SignInAsync(Account account, Guid? replaces, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(account);
        var nickname = Parse(account.UserName);
        var row = NewRow(nickname, personId: account.Id, accountId: account.Id);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var ended = await EndReplacedAsync(db, replaces, cancellationToken);
        db.Sessions.Add(row);
        return await BeginAsync(db, row, nickname, account.IsAdministrator, ended, cancellationToken);
    }

    /// <summary>The living session with this id, the same instance each time; null when unknown or ended.</summary>
    public async Task<PersonSession?> FindAsync(Guid sessionId, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Living(sessionId) is { } known)
                return known.IsAlive ? known : null;
            await _reading.WaitAsync(cancellationToken);
            try
            {
                // Whoever came before may have found it.
                if (Living(sessionId) is not null)
                    continue;
                var endings = Volatile.Read(ref _endings);
                await using var db = await contexts.CreateDbContextAsync(cancellationToken);
                var row = await db.Sessions.AsNoTracking()
                    .SingleOrDefaultAsync(s => s.Id == sessionId && s.EndedAt == null, cancellationToken);
                if (row is null)
                    return null;
                var isAdministrator = row.AccountId is { } account
                    && await db.Users.AnyAsync(a => a.Id == account && a.IsAdministrator, cancellationToken);
                lock (_publishing)
                {
                    if (Living(sessionId) is { } published)
                        return published;
                    // The row was alive when it was read. An end that came since has found no copy to end, and a copy that is published now would
                    // live for ever: then the row is read again.
                    if (_endings == endings)
                        return Publish(row, Parse(row.Nickname), isAdministrator);
                }
            }
            finally
            {
                _reading.Release();
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _reading.Dispose();

    /// <summary>Why a session was ended, as a sentence for its person; null when it lives, is unknown or they left by themselves.</summary>
    public async Task<string?> EndReasonAsync(Guid sessionId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Sessions.Where(s => s.Id == sessionId && s.EndedAt != null)
            .Select(s => s.EndReason).SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>The name of a person who has a living session, whether or not they are connected; null for nobody.</summary>
    public async Task<string?> NicknameAsync(Guid personId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Sessions.Where(s => s.PersonId == personId && s.EndedAt == null)
            .OrderByDescending(s => s.LastSeenAt).Select(s => s.Nickname).FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>Ends one session: its cookie and tokens are worthless, its circuits and uploads end, a guest's name is free.</summary>
    /// <param name="sessionId">Which; unknown and ended ones are left as they are.</param>
    /// <param name="reason">A sentence for the person; null when they leave by themselves.</param>
    /// <param name="cancellationToken">Stops before anything is written, not after.</param>
    public async Task EndAsync(Guid sessionId, string? reason, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await EndRowAsync(db, sessionId, reason, cancellationToken))
            EndCopies([new(sessionId, reason)]);
    }

    /// <summary>Ends every session of a person, see <see cref="EndAsync"/>.</summary>
    public async Task EndPersonAsync(Guid personId, string? reason, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var ids = await db.Sessions.Where(s => s.PersonId == personId && s.EndedAt == null)
            .Select(s => s.Id).ToListAsync(cancellationToken);
        foreach (var id in ids)
        {
            if (await EndRowAsync(db, id, reason, cancellationToken))
                EndCopies([new(id, reason)]);
        }
    }

    /// <summary>
    /// Writes down that these sessions were seen now, which is what a nickname's time to be held counts from. Once a round, also when nobody was.
    /// </summary>
    internal async Task SeenAsync(IReadOnlyCollection<Guid> sessionIds, CancellationToken cancellationToken)
    {
        Tidy();
        foreach (var id in sessionIds)
            _held.Hold(id, Held);
        if (sessionIds.Count == 0)
            return;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await NowOfAllAsync(db, cancellationToken) ?? time.GetUtcNow();
        await db.Sessions.Where(s => sessionIds.Contains(s.Id) && s.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, now), cancellationToken);
        // One that was ended while its connection was still being closed was let go of before it was held here.
        foreach (var ended in await db.Sessions.Where(s => sessionIds.Contains(s.Id) && s.EndedAt != null).Select(s => s.Id).ToListAsync(cancellationToken))
            _held.LetGo(ended);
    }

    /// <summary>
    /// Makes sure, inside the caller's transaction, that nobody holds the name. A holder whose time is over is ended, and so is the session that the
    /// new one replaces, whatever its name; give what is returned to <see cref="EndCopies"/> after the commit.
    /// </summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.Taken"/>.</exception>
    internal async Task<IReadOnlyCollection<Ending>> FreeNameAsync(
        ChatShareDbContext db, Nickname nickname, PersonSession? replaces, CancellationToken cancellationToken)
    {
        var ended = await EndReplacedAsync(db, replaces?.Id, cancellationToken);
        // A guest and an account that come at once would not meet in an index.
        await db.HoldAsync(nickname.Key, cancellationToken);
        if (await db.Users.AnyAsync(a => a.NicknameKey == nickname.Key, cancellationToken))
            throw Taken(nickname);
        var holder = await db.Sessions.AsNoTracking().SingleOrDefaultAsync(
            s => s.NicknameKey == nickname.Key && s.EndedAt == null && s.AccountId == null, cancellationToken);
        if (holder is null)
            return ended;

        if (connected.IsConnected(holder.Id) || connected.IsHere(holder.PersonId) || _held.IsHeld(holder, Held, await NowOfAllAsync(db, cancellationToken)))
            throw Taken(nickname);
        var ending = new Ending(holder.Id, "You were away for so long that your nickname was given to someone else.");
        await EndRowAsync(db, ending.SessionId, ending.Reason, cancellationToken);
        return [.. ended, ending];
    }

    /// <summary>Ends the living copies of rows that are ended already, of all nodes.</summary>
    internal void EndCopies(IReadOnlyCollection<Ending> endings)
    {
        foreach (var (sessionId, reason) in endings)
            EndedHere?.Invoke(sessionId, reason);
        EndedElsewhere(endings);
    }

    /// <summary>Looks whether another node has ended a session that lives here; it tells that, but what it tells may be lost.</summary>
    internal async Task LookForEndedAsync(CancellationToken cancellationToken)
    {
        var living = _living.Where(entry => entry.Value.TryGetTarget(out var session) && session.IsAlive).Select(entry => entry.Key).ToList();
        if (living.Count == 0)
            return;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        EndedElsewhere(await db.Sessions.Where(s => living.Contains(s.Id) && s.EndedAt != null)
            .Select(s => new Ending(s.Id, s.EndReason)).ToListAsync(cancellationToken));
    }

    /// <summary>Ends the copies that live at this node, of rows that are ended already.</summary>
    internal void EndedElsewhere(IEnumerable<Ending> endings)
    {
        foreach (var (sessionId, reason) in endings)
        {
            logger.SessionEnded(sessionId, reason ?? "left");
            _held.LetGo(sessionId);
            PersonSession? copy;
            lock (_publishing)
            {
                _endings++;
                copy = Living(sessionId);
                _living.TryRemove(sessionId, out _);
            }

            try
            {
                copy?.End(reason);
            }
            catch (AggregateException e)
            {
                logger.SessionEndFailed(e, sessionId);
            }
        }
    }

    /// <summary>Called with each session that is ended at this node, and why; takes no time and does not throw. Null for nobody.</summary>
    internal Action<Guid, string?>? EndedHere { get; set; }

    private TimeSpan Held => TimeSpan.FromHours(options.Value.People.NicknameHeldHours);

    /// <summary>The clocks of nodes may differ by hours, and a name is held for hours: it counts by the database's. Null where there is one node.</summary>
    private async Task<DateTimeOffset?> NowOfAllAsync(ChatShareDbContext db, CancellationToken cancellationToken) =>
        options.Value.Cluster.Redis.Length > 0 ? await db.NowAsync(cancellationToken) : null;

    /// <summary>Writes the caller's transaction, which has the row. Its copy is there before it: whoever ends the row, from the commit on, finds the copy.</summary>
    private async Task<PersonSession> BeginAsync(
        ChatShareDbContext db, SessionRow row, Nickname nickname, bool isAdministrator, IReadOnlyCollection<Ending> ended, CancellationToken cancellationToken)
    {
        var session = Publish(row, nickname, isAdministrator);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            // Not given up half way, which the framework would log as an error.
            await db.Database.CommitTransactionAsync(CancellationToken.None);
        }
        catch
        {
            // Should it have been committed all the same, the row brings another copy.
            _living.TryRemove(row.Id, out _);
            throw;
        }

        logger.SessionBegan(row.Id, nickname.Value);
        EndCopies(ended);
        return session;
    }

    private async Task<IReadOnlyCollection<Ending>> EndReplacedAsync(ChatShareDbContext db, Guid? replaces, CancellationToken cancellationToken) =>
        replaces is { } id && await EndRowAsync(db, id, null, cancellationToken) ? [new(id, null)] : [];

    private PersonSession Publish(SessionRow row, Nickname nickname, bool isAdministrator)
    {
        var session = new PersonSession(row.Id, row.PersonId, nickname, row.AccountId, isAdministrator);
        _living[row.Id] = new WeakReference<PersonSession>(session);
        return session;
    }

    private PersonSession? Living(Guid sessionId) =>
        _living.TryGetValue(sessionId, out var reference) && reference.TryGetTarget(out var session) ? session : null;

    private void Tidy()
    {
        _held.Tidy();
        foreach (var entry in _living)
        {
            if (!entry.Value.TryGetTarget(out _))
                _living.TryRemove(entry);
        }
    }

    private SessionRow NewRow(Nickname nickname, Guid personId, Guid? accountId)
    {
        var now = time.GetUtcNow();
        return new SessionRow
        {
            Id = Guid.NewGuid(),
            PersonId = personId,
            Nickname = nickname.Value,
            NicknameKey = nickname.Key,
            AccountId = accountId,
            CreatedAt = now,
            LastSeenAt = now,
        };
    }

    private async Task<bool> EndRowAsync(ChatShareDbContext db, Guid id, string? reason, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return await db.Sessions.Where(s => s.Id == id && s.EndedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(s => s.EndedAt, now).SetProperty(s => s.EndReason, reason), cancellationToken) == 1;
    }

    private static Nickname Parse(string? stored) =>
        Nickname.TryParse(stored, out var nickname, out var error)
            ? nickname
            : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"A stored name is not a name: {error}"));

    private static RefusedException Taken(Nickname nickname) =>
        new(RefusalKind.Taken, $"“{nickname.Value}” is taken. Choose another name.");

    /// <summary>A row that was ended and the sentence for its person.</summary>
    internal sealed record Ending(Guid SessionId, string? Reason);
}
