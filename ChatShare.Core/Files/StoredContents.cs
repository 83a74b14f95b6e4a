using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>
/// Which contents are needed: one is deleted only when no row names it and none is about to, and adopting one must not run beside that look.
/// </summary>
internal sealed class StoredContents(
    IDbContextFactory<ChatShareDbContext> contexts, Database database, DownloadStore store, ILogger<StoredContents> logger) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);

    // Of whoever holds them; guarded by the gate.
    private Turn? _turn;

    /// <summary>Nobody else, at no other node either, adopts or deletes until what is returned is disposed, which may be done twice.</summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.Elsewhere"/>: other nodes hold them for longer than anybody should.</exception>
    public async Task<IDisposable> HoldAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            _turn = await TakeTurnAsync(cancellationToken);
            return new Held(this);
        }
        catch
        {
            _gate.Release();
            throw;
        }
    }

    /// <summary>Makes sure that the hold has not been another node's since it began: a program that stood still has lost it.</summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.Elsewhere"/>.</exception>
    public Task DemandAsync(CancellationToken cancellationToken) => _turn?.DemandAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Null as well while the database cannot be had: then nobody can look whether a content is needed, and so none is deleted.</summary>
    private async Task<Turn?> TakeTurnAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await database.TakeTurnAsync("contents:", cancellationToken);
        }
        catch (RefusedException away) when (away.Kind != RefusalKind.Elsewhere)
        {
            return null;
        }
    }

    /// <summary>
    /// Called before the rows of a content let go of it, so that <see cref="RepairAsync"/> finds it when the program dies before
    /// <see cref="DropAsync"/>. Null does nothing.
    /// </summary>
    public void Condemn(string? sha256)
    {
        if (sha256 is not null)
            store.Condemn(sha256);
    }

    /// <summary>Deletes a content that no row names any more; while it is held, which is looked at again. Null does nothing.</summary>
    /// <returns>The bytes that the disk got back; 0 when it is still needed.</returns>
    public async Task<long> DropAsync(string? sha256, CancellationToken cancellationToken)
    {
        // An upload whose row could not be written will name it, or a backup does. It stays condemned and is looked at again.
        if (sha256 is null || store.IsAdopted(sha256) || store.Deletions.AreHeld())
            return 0;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var isNeeded = await db.Files.AnyAsync(f => f.Sha256 == sha256, cancellationToken);
        // At the last moment: while this program stood still, another node may have adopted it.
        if (!isNeeded && database.IsShared && !(_turn is { } turn && await turn.IsHeldAsync(cancellationToken)))
            return 0;
        var freed = isNeeded ? 0 : store.Delete(sha256);
        store.Absolve(sha256);
        return freed;
    }

    /// <summary>The content that an upload was adopted as is not needed for its sake any more; while it is held.</summary>
    public async Task LetGoAsync(FileId id, CancellationToken cancellationToken)
    {
        if (store.AdoptedAs(id) is not { } sha256)
            return;
        // Before the note goes, so that something always names it.
        Condemn(sha256);
        store.ForgetAdoption(id);
        await DropAsync(sha256, cancellationToken);
    }

    /// <summary>Deletes what could not be deleted yet, or what an earlier run of the program was about to delete when it died.</summary>
    public async Task RepairAsync(CancellationToken cancellationToken)
    {
        foreach (var sha256 in store.Condemned())
        {
            using var held = await HoldAsync(cancellationToken);
            try
            {
                await DropAsync(sha256, cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // One that cannot be deleted must not hold up the others, nor the rules of the rooms.
                logger.ContentNotDeleted(exception);
            }
        }
    }

    public void Dispose() => _gate.Dispose();

    private sealed class Held(StoredContents contents) : IDisposable
    {
        private StoredContents? _contents = contents;

        public void Dispose()
        {
            // Once, however often it is called: who lets go early is disposed again at the end.
            if (Interlocked.Exchange(ref _contents, null) is not { } held)
                return;
            var turn = held._turn;
            held._turn = null;
            turn?.Dispose();
            held._gate.Release();
        }
    }
}
