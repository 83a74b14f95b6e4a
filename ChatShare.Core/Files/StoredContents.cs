using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Files;

/// <summary>
/// Which contents are needed: one is deleted only when no row names it, and adopting one must not run beside that look.
/// </summary>
internal sealed class StoredContents(IDbContextFactory<ChatShareDbContext> contexts, DownloadStore store) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>Nobody else adopts or deletes until what is returned is disposed, which may be done twice.</summary>
    public async Task<IDisposable> HoldAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        return new Held(_gate);
    }

    /// <summary>Deletes a content that no row names any more; while it is held. Null does nothing.</summary>
    public async Task DropAsync(string? sha256, CancellationToken cancellationToken)
    {
        if (sha256 is null)
            return;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await db.Files.AnyAsync(f => f.Sha256 == sha256, cancellationToken))
            store.Delete(sha256);
    }

    public void Dispose() => _gate.Dispose();

    private sealed class Held(SemaphoreSlim gate) : IDisposable
    {
        private SemaphoreSlim? _gate = gate;

        // Once, however often it is called: who lets go early is disposed again at the end.
        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Release();
    }
}
