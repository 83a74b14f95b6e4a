using System.Collections.Immutable;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>Somebody who has shared files, by the name they had last.</summary>
public sealed record Sharer(Guid PersonId, string Name);

/// <summary>How long something has been a file.</summary>
public enum FileAge
{
    /// <summary>Less than a day.</summary>
    Day,

    /// <summary>Less than a week.</summary>
    Week,

    /// <summary>Less than 30 days.</summary>
    Month,

    /// <summary>Less than 90 days.</summary>
    Quarter,

    /// <summary>Less than a year.</summary>
    Year,

    /// <summary>A year or more.</summary>
    Older,
}

/// <summary>A share of the finished files.</summary>
/// <param name="Key">Whose, or which.</param>
/// <param name="Files">How many.</param>
/// <param name="Bytes">Their lengths together; equal contents count each time.</param>
public sealed record StorageLine<TKey>(TKey Key, int Files, long Bytes);

/// <summary>What the finished files take, of one moment.</summary>
public sealed record StorageOverview
{
    /// <summary>How many there are.</summary>
    public required int Files { get; init; }

    /// <summary>How many of them somebody keeps.</summary>
    public required int Kept { get; init; }

    /// <summary>Their lengths together; equal contents count each time.</summary>
    public required long Bytes { get; init; }

    /// <summary>The lengths of their contents, each counted once: what they take on the disk.</summary>
    public required long StoredBytes { get; init; }

    /// <summary>What can still be written to the disk that they lie on.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>All rooms, also empty ones.</summary>
    public required ImmutableArray<ListedRoom> Rooms { get; init; }

    /// <summary>The two hundred who have shared the most bytes, most first.</summary>
    public required ImmutableArray<StorageLine<Sharer>> People { get; init; }

    /// <summary>The kinds that there are, most bytes first.</summary>
    public required ImmutableArray<StorageLine<FileKind>> Kinds { get; init; }

    /// <summary>The ages that there are, youngest first.</summary>
    public required ImmutableArray<StorageLine<FileAge>> Ages { get; init; }
}

/// <summary>What takes the space, for the administrator; summed up by the database. A singleton.</summary>
public sealed class StorageReport
{
    private const int MostPeople = 200;

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly DownloadStore _store;
    private readonly FileDirectory _files;
    private readonly TimeProvider _time;

    internal StorageReport(IDbContextFactory<ChatShareDbContext> contexts, DownloadStore store, FileDirectory files, TimeProvider time)
    {
        _contexts = contexts;
        _store = store;
        _files = files;
        _time = time;
    }

    /// <summary>Sums up.</summary>
    /// <exception cref="RefusedException">Not an administrator.</exception>
    public async Task<StorageOverview> ReadAsync(PersonSession who, CancellationToken cancellationToken)
    {
        Permissions.Demand(Permissions.CanAdminister(who), who);
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var ready = db.Files.AsNoTracking().Where(f => f.State == FileState.Ready);
        var kinds = await ready.GroupBy(f => f.MediaType)
            .Select(group => new { Type = group.Key, Count = group.Count(), Bytes = group.Sum(f => f.Length), Kept = group.Count(f => f.Kept) })
            .ToListAsync(cancellationToken);
        return new StorageOverview
        {
            Files = kinds.Sum(type => type.Count),
            Kept = kinds.Sum(type => type.Kept),
            Bytes = kinds.Sum(type => type.Bytes),
            StoredBytes = await ready.GroupBy(f => f.Sha256).Select(group => group.Max(f => f.Length)).SumAsync(cancellationToken),
            FreeBytes = _store.FreeBytes,
            Rooms = await _files.RoomsAsync(who, cancellationToken),
            People = await PeopleAsync(db, ready, cancellationToken),
            Kinds =
            [
                .. kinds.GroupBy(type => ContentType.FromStored(type.Type ?? "").Kind)
                    .Select(kind => new StorageLine<FileKind>(kind.Key, kind.Sum(type => type.Count), kind.Sum(type => type.Bytes)))
                    .OrderByDescending(line => line.Bytes),
            ],
            Ages = await AgesAsync(ready, cancellationToken),
        };
    }

    private static async Task<ImmutableArray<StorageLine<Sharer>>> PeopleAsync(
        ChatShareDbContext db, IQueryable<FileRow> ready, CancellationToken cancellationToken)
    {
        var people = await ready.GroupBy(f => f.PersonId)
            .Select(group => new { PersonId = group.Key, Count = group.Count(), Bytes = group.Sum(f => f.Length) })
            .OrderByDescending(person => person.Bytes).Take(MostPeople).ToListAsync(cancellationToken);
        var ids = people.Select(person => person.PersonId).ToList();
        var names = (await db.Sessions.Where(s => ids.Contains(s.PersonId)).OrderBy(s => s.CreatedAt)
                .Select(s => new { s.PersonId, s.Nickname }).ToListAsync(cancellationToken))
            .ToLookup(s => s.PersonId, s => s.Nickname);
        return
        [
            .. people.Select(person => new StorageLine<Sharer>(
                new Sharer(person.PersonId, names[person.PersonId].LastOrDefault() ?? ""), person.Count, person.Bytes)),
        ];
    }

    private async Task<ImmutableArray<StorageLine<FileAge>>> AgesAsync(IQueryable<FileRow> ready, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var (day, week, month, quarter, year) = (now.AddDays(-1), now.AddDays(-7), now.AddDays(-30), now.AddDays(-90), now.AddDays(-365));
        var ages = await ready
            .GroupBy(f => f.ReadyAt > day ? 0 : f.ReadyAt > week ? 1 : f.ReadyAt > month ? 2 : f.ReadyAt > quarter ? 3 : f.ReadyAt > year ? 4 : 5)
            .Select(group => new { Age = group.Key, Count = group.Count(), Bytes = group.Sum(f => f.Length) })
            .OrderBy(age => age.Age).ToListAsync(cancellationToken);
        return [.. ages.Select(age => new StorageLine<FileAge>((FileAge)age.Age, age.Count, age.Bytes))];
    }
}
