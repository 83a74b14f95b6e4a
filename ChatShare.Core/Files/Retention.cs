using System.Collections.Immutable;
using System.Globalization;
using ChatShare.Core.Cluster;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>
/// Removes what the rooms' rules do not keep, at start and every few minutes. First it ends the removals in which an earlier run died, or which had to wait.
/// </summary>
/// <remarks>
/// A clock that is set wrong must not wipe a room: nobody could bring the files back. So ages count by a clock of their own
/// (<see cref="Clock"/>). It is never ahead of the machine's clock, and it follows that one, either way, at most a day for each hour in
/// which the program ran. After two weeks of standstill it is right again within fourteen hours; after a jump of years files go day by day,
/// oldest first, while the wrong time stands beside every message, and setting the clock right ends it at once; a machine that begins in
/// 1970 until the network tells it better loses it minutes. It is kept in the database, so that restarts do not help it on. A file that
/// seems to be older than its room came while the clock was behind: its age is not known, and only the size can remove it. Of several nodes one
/// moves the clock, and the others follow.
/// </remarks>
internal sealed class Retention(
    IDbContextFactory<ChatShareDbContext> contexts,
    RoomService rooms,
    StoredContents contents,
    FileRemoval removal,
    UploadLeases leases,
    TimeProvider time,
    ILogger<Retention> logger) : BackgroundService
{
    private const string ClockFact = "RetentionClock";

    // The life of the node that moves it.
    private const string MoverFact = "RetentionClockNode";

    // No name of a person has a colon.
    private const string TurnName = "retention:";
    private const int FastestFollow = 24;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _sweeping = new(1);
    private long _clockTicks = DateTimeOffset.MaxValue.UtcTicks;

    /// <summary>What ages are counted by.</summary>
    public DateTimeOffset Clock => new(Math.Min(Interlocked.Read(ref _clockTicks), time.GetUtcNow().UtcTicks), TimeSpan.Zero);

    /// <summary>The files of a room that a rule removes now, oldest first.</summary>
    public async Task<ImmutableArray<DoomedFile>> DueAsync(Room room, KeepRule rule, CancellationToken cancellationToken)
    {
        if (rule == KeepRule.Everything)
            return [];
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var ready = db.Files.AsNoTracking().Where(f => f.RoomId == room.Id && f.State == FileState.Ready);
        var made = await db.Rooms.Where(r => r.Id == room.Id).Select(r => r.CreatedAt).SingleAsync(cancellationToken);
        var bytes = rule.Bytes is null ? 0 : await ready.SumAsync(f => f.Length, cancellationToken);
        var tooOld = rule.Days is { } days ? Clock.AddDays(-days) : DateTimeOffset.MinValue;
        var due = ImmutableArray.CreateBuilder<DoomedFile>();
        var files = ready.Where(f => !f.Kept && f.ReadyAt != null && f.Sha256 != null)
            .OrderBy(f => f.ReadyAt).ThenBy(f => f.MessageNumber).ThenBy(f => f.Position)
            .Select(f => new { f.Id, f.Sha256, f.Length, f.ReadyAt });
        // What is too old comes first and makes room as well, so the first file that neither takes ends it.
        // Only those whose age is not known come even before.
        await foreach (var file in files.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var reason = file.ReadyAt < tooOld && file.ReadyAt >= made ? $"removed after {KeepRule.InDays(rule.Days!.Value)}"
                : bytes > rule.Bytes ? "removed to make room"
                : null;
            if (reason is null && file.ReadyAt < made)
                continue;
            if (reason is null)
                break;
            due.Add(new DoomedFile(file.Id, file.Sha256!, reason));
            bytes -= file.Length;
        }

        return due.ToImmutable();
    }

    /// <summary>Does something while no look at the rooms is under way: one that began between would take what this is to count.</summary>
    public async Task<T> BetweenSweepsAsync<T>(Func<Task<T>> act, CancellationToken cancellationToken)
    {
        await _sweeping.WaitAsync(cancellationToken);
        try
        {
            return await act();
        }
        finally
        {
            _sweeping.Release();
        }
    }

    /// <summary>Looks at all rooms once.</summary>
    /// <param name="ran">For how long the program has run since the last look.</param>
    /// <param name="cancellationToken">Stops between two files.</param>
    public async Task SweepAsync(TimeSpan ran, CancellationToken cancellationToken)
    {
        await _sweeping.WaitAsync(cancellationToken);
        try
        {
            await MoveClockAsync(ran, cancellationToken);
            foreach (var room in rooms.Rooms)
            {
                var due = await DueAsync(room, room.Keeps, cancellationToken);
                if (due.IsEmpty)
                    continue;
                var freed = await removal.RemoveAsync(due, cancellationToken);
                logger.RuleRemoved(room.Id, freed.Files, freed.Bytes);
            }
        }
        finally
        {
            _sweeping.Release();
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        // By a counter that nobody can set.
        var last = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await contents.RepairAsync(stoppingToken);
                var now = time.GetTimestamp();
                await SweepAsync(time.GetElapsedTime(last, now), stoppingToken);
                last = now;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                logger.RetentionFailed(exception);
            }

            if (!await TickAsync(timer, stoppingToken))
                return;
        }
    }

    private static async ValueTask<bool> TickAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task MoveClockAsync(TimeSpan ran, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(TurnName, cancellationToken);
        var fact = await db.Facts.SingleOrDefaultAsync(f => f.Key == ClockFact, cancellationToken);
        var now = time.GetUtcNow().UtcTicks;
        // Without a fact nothing has an age to be wrong about yet: no room has a rule before its administrator has seen what it would take.
        var before = fact is not null && long.TryParse(fact.Value, CultureInfo.InvariantCulture, out var stored) ? stored : now;
        var most = await IsMoverAsync(db, cancellationToken) ? ran.Ticks * FastestFollow : 0;
        var ticks = before + Math.Clamp(now - before, -most, most);
        Set(db, fact, ClockFact, ticks.ToString(CultureInfo.InvariantCulture));
        await db.SaveChangesAsync(cancellationToken);
        // Not given up half way, which the framework would log as an error.
        await transaction.CommitAsync(CancellationToken.None);
        Interlocked.Exchange(ref _clockTicks, ticks);
    }

    /// <summary>
    /// Of several nodes one moves the clock: by all of them together it would run as many times too fast, and none knows of the others for how long they
    /// ran. When that one lives no more, whoever looks next takes its place, and begins to count then.
    /// </summary>
    private async Task<bool> IsMoverAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        if (!leases.IsShared)
            return true;
        var fact = await db.Facts.SingleOrDefaultAsync(f => f.Key == MoverFact, cancellationToken);
        Guid? mover = Guid.TryParse(fact?.Value, out var known) ? known : null;
        if (mover is not null && mover == leases.Node)
            return true;
        if (leases.Node is { } here && !(mover is { } there && await leases.IsAliveAsync(there, cancellationToken)))
            Set(db, fact, MoverFact, here.ToString());
        return false;
    }

    private static void Set(ChatShareDbContext db, FactRow? fact, string key, string value)
    {
        if (fact is null)
            db.Facts.Add(new FactRow { Key = key, Value = value });
        else
            fact.Value = value;
    }
}
