using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.People;

/// <summary>Keeps the time at which connected people were last seen: every minute, when they hang up, and at the end.</summary>
internal sealed class SeenSessions(ConnectedUsers connected, SessionService sessions, TimeProvider time, ILogger<SeenSessions> logger)
    : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromMinutes(1);

    private readonly EndlessRound _writing = new(logger.SeenFailed);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await WriteAsync(cancellationToken);
        }
        catch (Exception e) when (e is DbException or DbUpdateException or RefusedException or OperationCanceledException)
        {
            // Perhaps it ran out of time.
            logger.SeenFailed(e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Round, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await _writing.RunAsync(WriteAsync, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends; StopAsync writes the last round.
            return;
        }
    }

    private Task WriteAsync(CancellationToken cancellationToken) => sessions.SeenAsync(connected.TakeSeen(), cancellationToken);
}
