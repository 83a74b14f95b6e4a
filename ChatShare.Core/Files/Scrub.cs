using System.Buffers;
using System.Collections.Immutable;
using System.Data.Common;
using System.Security.Cryptography;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>What is wrong with a stored content.</summary>
public enum ScrubFaultKind
{
    /// <summary>A file names it, and it is not there.</summary>
    Missing,

    /// <summary>It is not what its name says any more.</summary>
    Damaged,

    /// <summary>The disk, or a missing permission, does not let it be read.</summary>
    Unreadable,

    /// <summary>No file names it: left by a restore of an older database, or somebody else’s. Nothing is lost.</summary>
    Unnamed,
}

/// <summary>Something that was found; a content that several files share is listed for each.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Content">The content’s name in the store, mostly its SHA-256.</param>
/// <param name="Room">The file’s room; null where no file names it.</param>
/// <param name="Name">The file’s name; null where no file names it.</param>
/// <param name="Sender">Who shared it; null where no file names it.</param>
public sealed record ScrubFault(ScrubFaultKind Kind, string Content, string? Room, string? Name, string? Sender);

/// <summary>How far a scrub is.</summary>
/// <param name="Checked">Contents that were looked at.</param>
/// <param name="Contents">Contents in all.</param>
/// <param name="Bytes">Bytes that were read.</param>
public sealed record ScrubProgress(int Checked, int Contents, long Bytes);

/// <summary>What a scrub has found.</summary>
/// <param name="Contents">Contents that files name; equal files share one.</param>
/// <param name="Bytes">Bytes that were read.</param>
/// <param name="Faults">In no order.</param>
public sealed record ScrubReport(int Contents, long Bytes, ImmutableArray<ScrubFault> Faults)
{
    /// <summary>Whether every file can be had as it was shared.</summary>
    public bool IsWhole => Faults.All(fault => fault.Kind == ScrubFaultKind.Unnamed);
}

/// <summary>
/// Reads every stored content and compares it with its name, and looks for those that are missing and those that nobody names. Changes
/// nothing. Files may come and go meanwhile: what was deleted since it was listed is no fault.
/// </summary>
public sealed class Scrub
{
    private const int BufferLength = 1024 * 1024;

    private readonly IDbContextFactory<ChatShareDbContext> _contexts;
    private readonly DownloadStore _store;

    internal Scrub(IDbContextFactory<ChatShareDbContext> contexts, DownloadStore store)
    {
        _contexts = contexts;
        _store = store;
    }

    /// <summary>Runs it in the server.</summary>
    /// <param name="who">Who asks.</param>
    /// <param name="progress">Told after each content and each megabyte, on the thread that reads; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">Not an administrator.</exception>
    public Task<ScrubReport> RunAsync(PersonSession who, IProgress<ScrubProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(who);
        Permissions.Demand(Permissions.CanAdminister(who), who);
        return RunAsync(progress, cancellationToken);
    }

    /// <summary>
    /// Runs it for whoever may start programs on the server, also while ChatShare runs there: the database is opened for reading
    /// alone, and without the lock of its folder.
    /// </summary>
    /// <param name="options">Name the folders.</param>
    /// <param name="progress">See <see cref="RunAsync(PersonSession, IProgress{ScrubProgress}, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StorageException">There is no database, or it cannot be read.</exception>
    public static async Task<ScrubReport> RunBesideServerAsync(
        IOptions<ChatShareOptions> options, IProgress<ScrubProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var engine = IDatabaseEngine.For(options.Value);
        try
        {
            await using (var db = engine.NewReadingContext())
                await Schema.DemandCurrentAsync(engine, db, cancellationToken);
            return await new Scrub(new ReadingContexts(engine), new DownloadStore(options)).RunAsync(progress, cancellationToken);
        }
        catch (DbException e)
        {
            throw new StorageException($"{engine.Description} cannot be read: {e.Message}", e);
        }
    }

    private async Task<ScrubReport> RunAsync(IProgress<ScrubProgress>? progress, CancellationToken cancellationToken)
    {
        // The disk before the database: what comes in between is named when the database is asked.
        var stored = _store.Contents().ToList();
        var named = await NamedAsync(cancellationToken);
        var faults = ImmutableArray.CreateBuilder<ScrubFault>();
        var bytes = 0L;
        var done = 0;
        foreach (var sha256 in named)
        {
            var kind = await FaultOfAsync(sha256, Read, cancellationToken);
            done++;
            Read(0);
            if (kind is { } fault)
                faults.AddRange(await FilesOfAsync(sha256, fault, cancellationToken));
        }

        foreach (var name in stored.Where(name => !named.Contains(name)))
        {
            // Asked again: it may have been on its way from the store to its row.
            if ((await FilesOfAsync(name, ScrubFaultKind.Missing, cancellationToken)).IsEmpty && _store.Has(name))
                faults.Add(new ScrubFault(ScrubFaultKind.Unnamed, name, null, null, null));
        }

        return new ScrubReport(named.Count, bytes, faults.ToImmutable());

        void Read(int count)
        {
            bytes += count;
            progress?.Report(new ScrubProgress(done, named.Count, bytes));
        }
    }

    private async Task<HashSet<string>> NamedAsync(CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        return (await db.Files.Where(f => f.Sha256 != null).Select(f => f.Sha256!).Distinct().ToListAsync(cancellationToken))
            .ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>A fault for each file that has the content now.</summary>
    private async Task<ImmutableArray<ScrubFault>> FilesOfAsync(string sha256, ScrubFaultKind kind, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        var files = await db.Files.Where(f => f.Sha256 == sha256)
            .Join(db.Messages, f => new { f.RoomId, Number = f.MessageNumber }, m => new { m.RoomId, m.Number }, (f, m) => new { f.RoomId, f.Name, m.SenderName })
            .Join(db.Rooms, f => f.RoomId, r => r.Id, (f, r) => new { Room = r.Name, f.Name, f.SenderName })
            .ToListAsync(cancellationToken);
        return [.. files.Select(file => new ScrubFault(kind, sha256, file.Room, file.Name, file.SenderName))];
    }

    private async Task<ScrubFaultKind?> FaultOfAsync(string sha256, Action<int> read, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var content = new FileStream(
                _store.ContentPath(sha256), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
            int count;
            while ((count = await content.ReadAsync(buffer.AsMemory(0, BufferLength), cancellationToken)) > 0)
            {
                hash.AppendData(buffer, 0, count);
                read(count);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset()) == sha256 ? null : ScrubFaultKind.Damaged;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return ScrubFaultKind.Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ScrubFaultKind.Unreadable;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private sealed class ReadingContexts(IDatabaseEngine engine) : IDbContextFactory<ChatShareDbContext>
    {
        public ChatShareDbContext CreateDbContext() => engine.NewReadingContext();
    }
}
