using ChatShare.Core;

namespace ChatShare.Web.Circuits;

/// <summary>
/// Keeps a part of a page up to date for as long as it is there: it looks, waits until something has changed, and looks again. While the database is away it
/// shows what it has. A singleton.
/// </summary>
public sealed class PageFollower(PageReads reads, ILogger<PageFollower> logger)
{
    /// <summary>To be called on the circuit, and not awaited there. Returns when the page is gone or the session has ended, which the page says elsewhere.</summary>
    /// <param name="round">One look, and the wait until there is something new.</param>
    /// <param name="fail">What the circuit makes of a fault.</param>
    /// <param name="gone">Cancelled with the page.</param>
    public async Task RunAsync(Func<Task> round, Func<Exception, Task> fail, CancellationToken gone)
    {
        ArgumentNullException.ThrowIfNull(round);
        ArgumentNullException.ThrowIfNull(fail);
        try
        {
            while (!gone.IsCancellationRequested)
                await reads.UntilAnsweredAsync(round, gone);
        }
        catch (Exception exception) when (exception is OperationCanceledException or RefusedException)
        {
            logger.PageGone();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            await fail(exception);
        }
    }
}
