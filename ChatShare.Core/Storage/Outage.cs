using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Storage;

/// <summary>Whether the database is away, as whoever uses it finds; written to the log once when it goes and once when it comes.</summary>
internal sealed class Outage(ILogger<Outage> logger)
{
    private int _lasts;

    public void Began(Exception fault)
    {
        if (Interlocked.Exchange(ref _lasts, 1) == 0)
            logger.DatabaseDoesNotAnswer(fault);
    }

    public void Ended()
    {
        // Read first: it is asked after each commit.
        if (Volatile.Read(ref _lasts) == 1 && Interlocked.Exchange(ref _lasts, 0) == 1)
            logger.DatabaseAnswersAgain();
    }
}
