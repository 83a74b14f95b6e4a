using System.Data.Common;
using ChatShare.Core.Cluster;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>
/// What becomes of uploads that nobody holds, at start those of an earlier run: each goes on where its bytes end, or becomes the file that it was about
/// to be, or is over. The start comes before anybody can come in. With several nodes it also prolongs the lease of this one, sees that it
/// keeps nothing that is not its own, and lets everything go at the end.
/// </summary>
internal sealed class UploadRepair(
    IDbContextFactory<ChatShareDbContext> contexts,
    DownloadStore store,
    StoredContents contents,
    UploadService uploads,
    UploadHandover handover,
    ILogger<UploadRepair> logger) : BackgroundService
{
    // Several tries for each lease.
    private static readonly TimeSpan Round = UploadLeases.Lasts / 5;

    private UploadLeases Leases => handover.Leases;

    /// <inheritdoc />
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Leases.IsShared)
            await Leases.BeginAsync(cancellationToken);
        await handover.TakeFreeAsync(uploads, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var id in store.Unsettled().Where(id => uploads.Find(id) is null && uploads.Ends.Find(id) is null).ToList())
        {
            // Of uploads that this database does not know, only age tells that nobody needs them; those under way are another node's.
            if (await db.Files.AnyAsync(f => f.Id == id.ToString() && f.State != FileState.Uploading, cancellationToken))
                await SettleAsync(id, cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>Lets go of all uploads, so that other nodes can go on with them at once.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (!Leases.IsShared)
            return;
        try
        {
            // Not before: what is being finished is this node's until it is. If that takes too long, the lease ends by itself.
            await Task.WhenAll(uploads.Active.Select(upload => upload.LetGoAsync())).WaitAsync(cancellationToken);
            await Leases.EndAsync(cancellationToken);
        }
        catch (Exception e) when (IsPassing(e) || e is OperationCanceledException)
        {
            logger.LeaseNotProlonged(e);
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // In real time, whatever the clock says: the database counts so, too.
        while (Leases.IsShared && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Round, stoppingToken);
                await KeepAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (IsPassing(e))
            {
                logger.LeaseNotProlonged(e);
            }
        }
    }

    /// <summary>One round: prolongs the lease, and looks what others want, have taken or have ended.</summary>
    internal async Task KeepAsync(CancellationToken cancellationToken)
    {
        if (!await Leases.ProlongAsync(cancellationToken))
        {
            // Whatever was held here may be somebody else's by now.
            logger.LeaseLost();
            await Task.WhenAll(uploads.Active.Select(upload => handover.LetGoAsync(uploads, upload)));
            await Leases.BeginAsync(cancellationToken);
            await handover.TakeFreeAsync(uploads, cancellationToken);
            return;
        }

        var active = uploads.Active.ToDictionary(upload => upload.Id.ToString(), StringComparer.Ordinal);
        foreach (var row in active.Count == 0 ? [] : await Leases.LookAsync([.. active.Keys], cancellationToken))
        {
            var upload = active[row.Id];
            // In the background: what is being finished takes its time, and the lease does not wait. Ended elsewhere is what a message
            // had that was deleted there.
            if (row.State is not FileState.Uploading)
                _ = upload.IsUnderWay ? uploads.FailQuietlyAsync(upload, UploadEnds.CalledOff) : Task.CompletedTask;
            else if (!row.IsHeldHere || row.IsWantedElsewhere)
                _ = handover.LetGoQuietlyAsync(uploads, upload.Id);
        }

        if (await handover.IsAnyLeftAsync(uploads, cancellationToken))
            await handover.TakeFreeAsync(uploads, cancellationToken);
    }

    private static bool IsPassing(Exception e) =>
        e is DbException or DbUpdateException or RefusedException or TimeoutException or InvalidOperationException or IOException or UnauthorizedAccessException;

    /// <summary>Its row says what became of it. A content that it had become before its message was deleted goes with it.</summary>
    private async Task SettleAsync(FileId id, CancellationToken cancellationToken)
    {
        try
        {
            using var held = await contents.HoldAsync(cancellationToken);
            await contents.LetGoAsync(id, cancellationToken);
            store.Settle(id);
        }
        catch (RefusedException busy)
        {
            // The next start does it: this one is not to fail because others are slow.
            logger.ContentsHeldElsewhere(busy, id.ToString());
        }
    }
}
