using Microsoft.Extensions.Logging;

namespace ChatShare.Core.Files;

/// <summary>
/// Whether the downloads folder can be written to: a mount may be gone or read-only for a while. Files wait for it then, and messages go on. Written to the log
/// once when it goes and once when it comes. A singleton; all members may be called from any thread.
/// </summary>
public sealed class DownloadsHealth
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);

    private readonly DownloadStore _store;
    private readonly ILogger<DownloadsHealth> _logger;
    private int _isAway;

    internal DownloadsHealth(DownloadStore store, ILogger<DownloadsHealth> logger)
    {
        _store = store;
        _logger = logger;
    }

    /// <summary>Tries it.</summary>
    public bool Look()
    {
        var fault = _store.FaultOfWriting();
        if (fault is not null && Interlocked.Exchange(ref _isAway, 1) == 0)
            _logger.DownloadsAway(_store.Root, fault.Message);
        else if (fault is null && Interlocked.Exchange(ref _isAway, 0) == 1)
            _logger.DownloadsBack(_store.Root);
        return fault is null;
    }

    /// <exception cref="RefusedException"><see cref="RefusalKind.NotYet"/>: it cannot be written to now.</exception>
    internal void Demand()
    {
        if (!Look())
            throw Refusal(cause: null);
    }

    /// <summary>Whether a fault is that of the folder, and not of whoever sends.</summary>
    internal bool IsCauseOf(Exception fault) => fault is IOException or UnauthorizedAccessException && !Look();

    /// <summary>What to say then.</summary>
    internal static RefusedException Refusal(Exception? cause) =>
        new(RefusalKind.NotYet, "The server cannot reach its files right now. Retry in a moment.", cause) { RetryAfter = AskAgainAfter };
}
