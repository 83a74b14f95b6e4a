using System.Collections.Concurrent;
using System.Collections.Immutable;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>
/// Uploads by their senders’ own ids: creating one again gives the same one, also while the first creation is still on its way, and also when it was
/// at another node.
/// </summary>
internal sealed class CreatedUploads(IDbContextFactory<ChatShareDbContext> contexts, UploadEnds ends)
{
    private readonly ConcurrentDictionary<(Guid PersonId, string ClientId), Lazy<Task<Upload>>> _created = new();

    /// <summary>Takes in one that was begun before.</summary>
    public void Add(Upload upload)
    {
        if (upload.ClientId is { } clientId)
            _created[(upload.Sender.PersonId, clientId)] = new Lazy<Task<Upload>>(Task.FromResult(upload));
    }

    /// <summary>It is not under way any more, at least not as this object.</summary>
    public void Remove(Upload upload)
    {
        if (upload.ClientId is not { } clientId || !_created.TryGetValue((upload.Sender.PersonId, clientId), out var made))
            return;
        // It may have come back already, as another object.
        if (made.IsValueCreated && made.Value is { IsCompletedSuccessfully: true, Result: var known } && known != upload)
            return;
        _created.TryRemove(KeyValuePair.Create((upload.Sender.PersonId, clientId), made));
    }

    /// <summary>The upload of this id, or a new one.</summary>
    /// <param name="key">The sender, and their id for it.</param>
    /// <param name="room">Where it is shared.</param>
    /// <param name="wanted">What it has to be.</param>
    /// <param name="create">Makes a new one.</param>
    /// <param name="takeOver">Gets one that is under way at another node; null when it has ended.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">See <see cref="UploadService.CreateAsync"/>.</exception>
    public async Task<Upload> GetAsync(
        (Guid PersonId, string ClientId) key, Room room, UploadRequest wanted, Func<Task<Upload>> create, Func<FileId, Task<Upload?>> takeOver,
        CancellationToken cancellationToken)
    {
        var made = new Lazy<Task<Upload>>(async () =>
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            // Not under way here, or it would have been found: a client id is never used for a second file.
            if (await db.Files.AsNoTracking().FirstOrDefaultAsync(f => f.PersonId == key.PersonId && f.ClientId == key.ClientId, cancellationToken) is not { } row)
                return await create();
            DemandSame(row.RoomId, row.Name, row.Length);
            if (FileId.TryParse(row.Id, out var id) && ends.Find(id) is { } kept)
                throw UploadEnds.RefusalOf(kept);
            return (UploadHandover.IsUnderWay(row) ? await takeOver(id) : null)
                ?? throw new RefusedException(RefusalKind.Gone, "These files were announced already.");
        });
        var first = _created.GetOrAdd(key, made);
        try
        {
            var upload = await first.Value;
            DemandSame(upload.Room.Id, upload.File.Name, upload.Length);
            return upload;
        }
        catch when (first == made)
        {
            // It was not created: the next try may succeed.
            _created.TryRemove(KeyValuePair.Create(key, made));
            throw;
        }

        // Else the bytes of one file would go into the other.
        void DemandSame(int roomId, string name, long length)
        {
            if (roomId != room.Id || name != wanted.Name.Value || length != wanted.Length)
                throw new RefusedException(RefusalKind.Conflict, "This client id was used for another file already.");
        }
    }
    /// <summary>New uploads, none of whose ids was used before.</summary>
    /// <param name="personId">The sender.</param>
    /// <param name="wanted">What they have to be.</param>
    /// <param name="create">Makes all of them, in this order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">See <see cref="UploadService.CreateAllAsync"/>.</exception>
    public async Task<ImmutableArray<Upload>> MakeAllAsync(
        Guid personId, IReadOnlyList<UploadRequest> wanted, Func<Task<ImmutableArray<Upload>>> create, CancellationToken cancellationToken)
    {
        // Whoever asks for one of them meanwhile waits for this.
        var made = new TaskCompletionSource<ImmutableArray<Upload>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var own = new List<KeyValuePair<(Guid PersonId, string ClientId), Lazy<Task<Upload>>>>(wanted.Count);
        try
        {
            for (var i = 0; i < wanted.Count; i++)
            {
                if (wanted[i].ClientId is not { } clientId)
                    continue;
                var at = i;
                var one = KeyValuePair.Create((personId, ClientIds.Check(clientId)), new Lazy<Task<Upload>>(async () => (await made.Task)[at]));
                if (!_created.TryAdd(one.Key, one.Value))
                    throw AnnouncedAlready();
                own.Add(one);
            }

            var ids = own.ConvertAll(one => one.Key.ClientId);
            await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
            {
                if (await db.Files.AnyAsync(f => f.PersonId == personId && f.ClientId != null && ids.Contains(f.ClientId), cancellationToken))
                    throw AnnouncedAlready();
            }

            var uploads = await create();
            made.SetResult(uploads);
            return uploads;
        }
        catch (Exception exception)
        {
            own.ForEach(one => _created.TryRemove(one));
            made.SetException(exception);
            // Seen, also when nobody waits.
            _ = made.Task.Exception;
            throw;
        }

        static RefusedException AnnouncedAlready() => new(RefusalKind.Conflict, "Some of these files were announced already.");
    }
}
