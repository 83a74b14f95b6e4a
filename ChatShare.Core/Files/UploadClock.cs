using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>What happens to uploads because time goes by: who looks hears how far they are, and those that nobody goes on with end.</summary>
internal sealed class UploadClock(
    UploadService uploads, IDbContextFactory<ChatShareDbContext> contexts, LowDisk disk, IOptions<ChatShareOptions> options, TimeProvider time, ILogger<UploadClock> logger)
    : BackgroundService
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan DiskInterval = TimeSpan.FromSeconds(10);

    // As often as an eye wants it.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Gives up the uploads whose time is over, and deletes partial files that belong to none.</summary>
    /// <param name="cancellationToken">Waits no longer; uploads that are given up end all the same.</param>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await Task.WhenAll(uploads.Active.Where(uploads.IsExpired).Select(upload => uploads.FailQuietlyAsync(upload, UploadService.NotFinished)))
            .WaitAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var path in uploads.Store.PartialFilesOlderThan(now.AddHours(-options.Value.Downloads.PartialFileHours)))
        {
            // Of one whose end is not recorded the next start needs the note; and one of another node says in its row that it is under way.
            if (!FileId.TryParse(Path.GetFileNameWithoutExtension(path), out var id)
                || (uploads.Find(id) is null && uploads.Ends.Find(id) is null && !await IsUnderWayAsync(db, id, cancellationToken)))
            {
                Delete(path);
            }
        }
    }

    /// <summary>One that cannot be deleted must not hold up the others.</summary>
    private void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.SweepFailed(exception);
        }
    }

    /// <summary>What the disk had no room for may have some now; and whether it is nearly full.</summary>
    /// <exception cref="IOException">The disk does not answer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task LookAtDiskAsync(CancellationToken cancellationToken)
    {
        // First, and so whatever the disk says.
        await uploads.Ends.TryAgainAsync(cancellationToken);
        disk.Look();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        EveryAsync(SweepInterval, SweepAsync, stoppingToken),
        EveryAsync(DiskInterval, LookAtDiskAsync, stoppingToken),
        EveryAsync(ReportInterval, ReportProgress, stoppingToken));

    private static Task<bool> IsUnderWayAsync(ChatShareDbContext db, FileId id, CancellationToken cancellationToken) => db.Files.AnyAsync(
        f => f.Id == id.ToString() && f.State == FileState.Uploading, cancellationToken);

    private async Task EveryAsync(TimeSpan interval, Func<CancellationToken, Task> act, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                await act(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // A folder that cannot be read, for one. What it is about waits; the server does not.
                logger.SweepFailed(exception);
            }
        }
    }

    /// <summary>By a clock and not by the bytes: a card whose bytes stop coming has to say so, too.</summary>
    private Task ReportProgress(CancellationToken cancellationToken)
    {
        foreach (var upload in uploads.Active)
            upload.Report();
        return Task.CompletedTask;
    }
}
