using System.Data.Common;
using ChatShare.Core.Storage.PostgreSql;
using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Storage;

/// <summary>Whether the database is away, as whoever uses it finds; written to the log once when it goes and once when it comes.</summary>
internal sealed class Outage(ILogger<Outage> logger)
{
    private int _lasts;
    private int _isFull;

    /// <summary>Whether something failed only because a server of databases is away: then nothing else need be said of it.</summary>
    public static bool IsCauseOf(Exception fault) =>
        (fault is DbException && Fault.IsPassing(fault)) || (fault.InnerException is { } inner && IsCauseOf(inner));

    public void Began(Exception fault)
    {
        // Where it was met is of use to nobody but who looks for a fault of the program.
        if (Interlocked.Exchange(ref _lasts, 1) == 0)
            logger.DatabaseDoesNotAnswer(logger.IsEnabled(LogLevel.Debug) ? fault : null, Reason(fault));
    }

    public void Ended()
    {
        // Read first: it is asked after each commit.
        if (Volatile.Read(ref _lasts) == 1 && Interlocked.Exchange(ref _lasts, 0) == 1)
            logger.DatabaseAnswersAgain();
    }

    /// <summary>It is there and takes nothing: another matter, for whoever looks whether it answers finds that it does.</summary>
    public void HasNoRoom(Exception fault)
    {
        if (Interlocked.Exchange(ref _isFull, 1) == 0)
            logger.DatabaseTakesNothing(logger.IsEnabled(LogLevel.Debug) ? fault : null, Reason(fault));
    }

    public void HasRoom()
    {
        if (Volatile.Read(ref _isFull) == 1 && Interlocked.Exchange(ref _isFull, 0) == 1)
            logger.DatabaseTakesAgain();
    }

    /// <summary>What the server or its driver said: "53300: sorry, too many clients already".</summary>
    private static string Reason(Exception fault)
    {
        var said = fault;
        while (said is not DbException && said.InnerException is { } inner)
            said = inner;
        return string.Join(": ", new[] { said, said.GetBaseException() }.Select(e => e.Message.ReplaceLineEndings(" ")).Distinct());
    }
}
