using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>Files that people want to keep whatever the room's rule says. A singleton; may be called from any thread.</summary>
public sealed class FileKeeping
{
    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly StoredContents _contents;
    private readonly MessageLog _log;
    private readonly RoomService _rooms;
    private readonly AuditLog _audit;
    private readonly PersonLimits _limits;

    internal FileKeeping(
        IDbContextFactory<ChatShareDbContext> contexts, StoredContents contents, MessageLog log, RoomService rooms, AuditLog audit, PersonLimits limits)
    {
        _contexts = contexts;
        _contents = contents;
        _log = log;
        _rooms = rooms;
        _audit = audit;
        _limits = limits;
    }

    /// <summary>Keeps a finished file, or takes that back; everybody sees it on the card. Asked for again it changes nothing.</summary>
    /// <exception cref="RefusedException">Neither its sender nor an administrator, there is no such file, or <see cref="RefusalKind.TooFast"/>.</exception>
    public async Task KeepAsync(FileId id, bool kept, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        // Everybody in the room is told, as of a message.
        _limits.TakeMessage(who.PersonId);
        // Held: between the look at the row and the change nobody may delete the file, or it would be back without its content.
        using var held = await _contents.HoldAsync(cancellationToken);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == id.ToString() && f.State == FileState.Ready, cancellationToken);
        Permissions.Demand(Permissions.CanKeep(who, row?.PersonId ?? Guid.Empty), who);
        if (row is null || _rooms.Find(row.RoomId) is not { } room)
            throw new RefusedException(RefusalKind.NotFound, "This file is not there any more.");
        if (row.Kept == kept)
            return;
        // Somebody else's: an act of an administrator.
        if (row.PersonId != who.PersonId)
            await _audit.WriteAsync(who.Nickname.Value, kept ? "Kept file" : "Let file go", row.Name, $"in {room.Name}", cancellationToken);
        await _log.AppendAsync(new LogEntry.ChangeFile(room, RowMapping.ToFile(row) with { Kept = kept }), CancellationToken.None);
    }
}
