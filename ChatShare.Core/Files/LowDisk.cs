using Microsoft.Extensions.Options;

namespace ChatShare.Core.Files;

/// <summary>
/// Keeps a rest of the downloads folder's disk free: below it no new file is taken, so that messages, whose database mostly lies on the same
/// disk, go on. Uploads that were promised their bytes go on, too. A singleton; all members may be called from any thread.
/// </summary>
public sealed class LowDisk
{
    /// <summary>What people are told while it lasts.</summary>
    public const string Sentence = "The server’s disk is nearly full: no new files for now. Messages go on.";

    // A disk that is smaller than the rest which the settings ask for could take nothing at all.
    private const int MostOfDisk = 20;

    private readonly DownloadStore _store;
    private readonly long _leastFree;
    private readonly Lock _gate = new();

    internal LowDisk(DownloadStore store, IOptions<ChatShareOptions> options)
    {
        _store = store;
        _leastFree = options.Value.Downloads.MinimumFreeBytes;
    }

    /// <summary>Whether it was so at the last look, at most some ten seconds ago.</summary>
    public bool IsLow { get; private set; }

    /// <summary>Raised when <see cref="IsLow"/> has changed.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>Looks at the disk.</summary>
    /// <returns>Bytes that files may take, the rest that stays free not counted; negative when less than that rest is free.</returns>
    /// <exception cref="IOException">The disk does not answer.</exception>
    internal long Look()
    {
        lock (_gate)
        {
            var spare = _store.FreeBytes - Math.Min(_leastFree, _store.TotalBytes / MostOfDisk);
            if (IsLow != spare < 0)
            {
                IsLow = spare < 0;
                Changed.Raise();
            }

            return spare;
        }
    }
}
