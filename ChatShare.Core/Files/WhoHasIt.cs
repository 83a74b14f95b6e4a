using System.Collections.Immutable;
using System.Data.Common;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>How many have taken a file.</summary>
/// <param name="Id">The file.</param>
/// <param name="Count">People other than its sender who have taken it whole.</param>
/// <param name="Of">
/// The people whom it is for: those whose session lives, who were here in the last thirty days and have read the room up to it or further, and those
/// who have taken it; not its sender. Somebody who is new is taken to have read everything (see <see cref="Rooms.ReadMarks"/>), and so counts.
/// </param>
public sealed record TakenFile(FileId Id, int Count, int Of);

/// <summary>
/// Who has taken which file. A person has it when an answer to them ended with the file's last byte; looking at it in the page, or at its
/// last bytes alone, is not taking it. Its sender alone is told. A singleton; all members may be called from any thread.
/// </summary>
public sealed class WhoHasIt
{
    private const int MostFiles = 200;

    private static readonly TimeSpan StillAround = TimeSpan.FromDays(30);

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly TimeProvider _time;
    private readonly ILogger<WhoHasIt> _logger;
    private readonly PersonSignals _changed = new();

    internal WhoHasIt(IDbContextFactory<ChatShareDbContext> contexts, TimeProvider time, ILogger<WhoHasIt> logger)
    {
        _contexts = contexts;
        _time = time;
        _logger = logger;
    }

    /// <summary>Raised when somebody has taken a file of this person for the first time.</summary>
    public ChangeSignal ChangedFor(Guid senderPersonId) => _changed.Of(senderPersonId);

    /// <summary>
    /// Somebody has taken these files. Written down once for each person; a sender's own download is none. What cannot be written is
    /// only logged: the reader has the bytes.
    /// </summary>
    public async Task TookAsync(IReadOnlyCollection<FileId> files, PersonSession who)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(who);
        try
        {
            // Not given up when the reader goes: it goes as soon as it has the last byte.
            await using var db = await _contexts.CreateDbContextAsync(CancellationToken.None);
            foreach (var part in files.Select(file => file.ToString()).Chunk(MostFiles))
                await WriteAsync(db, part, who);
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or RefusedException)
        {
            _logger.DownloadNotRecorded(exception);
        }
    }

    /// <summary>The counts of one's own files; others, and what is not there, are left out.</summary>
    /// <param name="files">At most 200 of them are looked at.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">The session has ended.</exception>
    public async Task<ImmutableArray<TakenFile>> CountAsync(IEnumerable<FileId> files, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanRead(who), who);
        var asked = files.Take(MostFiles).Distinct().ToDictionary(file => file.ToString(), StringComparer.Ordinal);
        var ids = asked.Keys.ToList();
        if (ids.Count == 0)
            return [];
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var own = await db.Files.AsNoTracking().Where(f => ids.Contains(f.Id) && f.PersonId == who.PersonId)
            .Select(f => new { f.Id, f.PersonId, f.RoomId, f.MessageNumber }).ToListAsync(cancellationToken);
        own.RemoveAll(file => !Permissions.CanSeeWhoHasIt(who, file.PersonId));
        var taken = (await db.Downloads.AsNoTracking().Where(d => ids.Contains(d.FileId)).Select(d => new { d.FileId, d.PersonId }).ToListAsync(cancellationToken))
            .ToLookup(download => download.FileId, download => download.PersonId, StringComparer.Ordinal);

        // Guests of a year are not all still expected to take it, nor to be counted with each download.
        var since = _time.GetUtcNow() - StillAround;
        // Read once for all files of a room: a page shows many of the same.
        var rooms = own.Select(file => file.RoomId).Distinct().ToList();
        var readers = (await db.ReadMarks.AsNoTracking()
                .Where(m => rooms.Contains(m.RoomId) && m.PersonId != who.PersonId && db.Sessions.Any(s => s.PersonId == m.PersonId && s.EndedAt == null && s.LastSeenAt > since))
                .Select(m => new { m.RoomId, m.PersonId, m.Number }).ToListAsync(cancellationToken))
            .ToLookup(mark => mark.RoomId);
        return
        [
            .. own.Select(file => new TakenFile(
                asked[file.Id],
                taken[file.Id].Count(),
                readers[file.RoomId].Where(mark => mark.Number >= file.MessageNumber).Select(mark => mark.PersonId).Union(taken[file.Id]).Count())),
        ];
    }

    private async Task WriteAsync(ChatShareDbContext db, string[] ids, PersonSession who)
    {
        var missing = await db.Files.Where(f => ids.Contains(f.Id) && f.PersonId != who.PersonId && !db.Downloads.Any(d => d.FileId == f.Id && d.PersonId == who.PersonId))
            .Select(f => new { f.Id, f.PersonId }).ToListAsync(CancellationToken.None);
        if (missing.Count == 0)
            return;
        var now = _time.GetUtcNow().UtcTicks;
        // One sync of the disk for all: an archive may have thousands.
        await using (var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None))
        {
            foreach (var file in missing)
            {
                // Two answers may end at once, and the file may have been deleted since.
                await db.Database.ExecuteSqlAsync(
                    $"""
                    INSERT INTO "Downloads" ("FileId", "PersonId", "At") SELECT "Id", {who.PersonId}, {now} FROM "Files" WHERE "Id" = {file.Id}
                    ON CONFLICT ("FileId", "PersonId") DO NOTHING
                    """,
                    CancellationToken.None);
            }

            await transaction.CommitAsync(CancellationToken.None);
        }

        foreach (var sender in missing.Select(file => file.PersonId).Distinct())
            _changed.Raise(sender);
    }

    /// <summary>The names of those who have taken a file, first come first; a name that cannot be found any more is left out.</summary>
    /// <exception cref="RefusedException">The asker did not share it, or there is no such file.</exception>
    public async Task<ImmutableArray<string>> NamesAsync(FileId file, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var sender = await db.Files.Where(f => f.Id == file.ToString()).Select(f => (Guid?)f.PersonId).SingleOrDefaultAsync(cancellationToken);
        // Whoever may not know is told the same as for a file that does not exist.
        if (sender is null || !Permissions.CanSeeWhoHasIt(who, sender.Value))
            throw new RefusedException(RefusalKind.NotFound, "There is no such file.");
        var people = await db.Downloads.Where(d => d.FileId == file.ToString()).OrderBy(d => d.At)
            .Select(d => db.Sessions.Where(s => s.PersonId == d.PersonId).OrderByDescending(s => s.CreatedAt).Select(s => s.Nickname).FirstOrDefault())
            .ToListAsync(cancellationToken);
        return [.. people.OfType<string>()];
    }
}
