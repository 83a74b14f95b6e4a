using System.Collections.Immutable;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>
/// Making room, by the administrator: rules of rooms and cleaning once, each with a look beforehand at what it would free. What is
/// done stands in the audit list. A singleton; all members may be called from any thread.
/// </summary>
public sealed class StorageCleaning
{
    private const string ByAdministrator = "removed by an administrator";
    private const int MostInOneQuery = 500;

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly DownloadStore _store;
    private readonly RoomService _rooms;
    private readonly Retention _retention;
    private readonly FileRemoval _removal;
    private readonly AuditLog _audit;
    private readonly TimeProvider _time;

    internal StorageCleaning(
        IDbContextFactory<ChatShareDbContext> contexts,
        DownloadStore store,
        RoomService rooms,
        Retention retention,
        FileRemoval removal,
        AuditLog audit,
        TimeProvider time)
    {
        _contexts = contexts;
        _store = store;
        _rooms = rooms;
        _retention = retention;
        _removal = removal;
        _audit = audit;
        _time = time;
    }

    /// <summary>What a rule would remove from a room at once.</summary>
    /// <exception cref="RefusedException">Not an administrator, or no possible rule.</exception>
    public async Task<CleaningPreview> PreviewRuleAsync(Room room, KeepRule rule, PersonSession who, CancellationToken cancellationToken)
    {
        Demand(who, rule?.Fault);
        return await PreviewAsync(await _retention.DueAsync(room, rule!, cancellationToken), cancellationToken);
    }

    /// <summary>Sets a room's rule and removes at once what it does not keep.</summary>
    /// <param name="room">Which.</param>
    /// <param name="rule">What holds from now on.</param>
    /// <param name="seen">Of this rule: of what it does not keep only these go at once, the rest with the next look at the rooms.</param>
    /// <param name="who">Who sets it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What was removed, and what the disk got back.</returns>
    /// <exception cref="RefusedException">Not an administrator, no possible rule, or the log cannot write now: then the rule holds, and time does the rest.</exception>
    public async Task<FreedSpace> ApplyRuleAsync(Room room, KeepRule rule, CleaningPreview seen, PersonSession who, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        Demand(who, rule?.Fault);
        ArgumentNullException.ThrowIfNull(seen);
        return await _retention.BetweenSweepsAsync(
            async () =>
            {
                await _rooms.SetKeepRuleAsync(room, rule!, who, cancellationToken);
                var due = Seen(await _retention.DueAsync(room, rule!, cancellationToken), seen);
                var detail = await DetailAsync(rule!.ToString(), due, cancellationToken);
                // Written before the files go: a list of acts that misses one is worth nothing.
                await _audit.WriteAsync(who.Nickname.Value, "Set what a room keeps", room.Name.Value, detail, cancellationToken);
                return await _removal.RemoveAsync(due, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>What cleaning once would remove.</summary>
    /// <exception cref="RefusedException">Not an administrator, or the filter says nothing.</exception>
    public async Task<CleaningPreview> PreviewAsync(CleaningFilter filter, PersonSession who, CancellationToken cancellationToken)
    {
        Demand(who, filter?.Fault);
        return await PreviewAsync(await FindAsync(filter!, cancellationToken), cancellationToken);
    }

    /// <summary>Removes the files once.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="seen">Of this filter: only these go, as far as they still match.</param>
    /// <param name="who">Who removes them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What was removed, and what the disk got back.</returns>
    /// <exception cref="RefusedException">Not an administrator, the filter says nothing, or the log cannot write now.</exception>
    public async Task<FreedSpace> CleanAsync(CleaningFilter filter, CleaningPreview seen, PersonSession who, CancellationToken cancellationToken)
    {
        Demand(who, filter?.Fault);
        ArgumentNullException.ThrowIfNull(seen);
        var found = Seen(await FindAsync(filter!, cancellationToken), seen);
        await _audit.WriteAsync(who.Nickname.Value, "Removed files", filter!.ToString(), await DetailAsync(null, found, cancellationToken), cancellationToken);
        return await _removal.RemoveAsync(found, cancellationToken);
    }

    private static void Demand(PersonSession who, string? fault)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        if (fault is not null)
            throw new RefusedException(RefusalKind.Invalid, fault);
    }

    private static ImmutableArray<DoomedFile> Seen(ImmutableArray<DoomedFile> files, CleaningPreview seen) => [.. files.Where(file => seen.Ids.Contains(file.Id))];

    private async Task<CleaningPreview> PreviewAsync(ImmutableArray<DoomedFile> files, CancellationToken cancellationToken) => new(await CountAsync(files, cancellationToken))
    {
        Ids = files.Select(file => file.Id).ToImmutableHashSet(StringComparer.Ordinal),
    };

    private async Task<string> DetailAsync(string? rule, ImmutableArray<DoomedFile> files, CancellationToken cancellationToken)
    {
        var removed = files.IsEmpty ? "removed nothing" : $"removed {await CountAsync(files, cancellationToken)}";
        return rule is null ? removed : $"{rule}; {removed}";
    }

    private async Task<ImmutableArray<DoomedFile>> FindAsync(CleaningFilter filter, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var files = db.Files.AsNoTracking().Where(f => f.State == FileState.Ready && !f.Kept && f.Sha256 != null);
        if (filter.OlderThanDays is { } days)
        {
            var moment = _time.GetUtcNow().AddDays(-days);
            files = files.Where(f => f.ReadyAt < moment);
        }

        if (filter.Room is { } room)
            files = files.Where(f => f.RoomId == room.Id);
        if (filter.Person is { } person)
            files = files.Where(f => f.PersonId == person.PersonId);
        if (filter.Kind is { } kind)
        {
            // The kind is no column; the few media types that there are say it.
            var types = await db.Files.Where(f => f.MediaType != null).Select(f => f.MediaType!).Distinct().ToListAsync(cancellationToken);
            var ofKind = types.Where(type => ContentType.FromStored(type).Kind == kind).ToList();
            files = files.Where(f => ofKind.Contains(f.MediaType!));
        }

        var found = await files.OrderBy(f => f.ReadyAt).Select(f => new { f.Id, f.Sha256 }).ToListAsync(cancellationToken);
        return [.. found.Select(f => new DoomedFile(f.Id, f.Sha256!, ByAdministrator))];
    }

    /// <summary>A content frees its bytes when all rows that name it are among those that go.</summary>
    private async Task<FreedSpace> CountAsync(ImmutableArray<DoomedFile> files, CancellationToken cancellationToken)
    {
        var going = files.CountBy(file => file.Sha256, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var bytes = 0L;
        foreach (var some in going.Keys.Chunk(MostInOneQuery))
        {
            var named = await db.Files.Where(f => some.Contains(f.Sha256)).GroupBy(f => f.Sha256)
                .Select(group => new { Sha256 = group.Key!, Count = group.Count() }).ToListAsync(cancellationToken);
            bytes += named.Where(content => content.Count == going[content.Sha256]).Sum(content => _store.LengthOf(content.Sha256));
        }

        return new FreedSpace(files.Length, bytes);
    }
}
