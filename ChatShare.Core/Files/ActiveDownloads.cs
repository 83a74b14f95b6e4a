using System.Collections.Concurrent;
using System.Collections.Immutable;
using ChatShare.Core.People;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Core.Files;

/// <summary>
/// The files that are on their way to somebody now, finished ones and those that still come in. A singleton; all members may be called
/// from any thread.
/// </summary>
public sealed class ActiveDownloads(TimeProvider time, IHostApplicationLifetime lifetime, ChatShareMetrics metrics)
{
    // Long enough for a page that looks a few times a second to see how it ended.
    private static readonly TimeSpan EndedStays = TimeSpan.FromSeconds(10);

    // Whatever broke it may have cut the page off, too; when it is back it offers to begin again.
    private static readonly TimeSpan BrokenStays = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<Guid, Download> _downloads = new();
    private readonly PersonSignals _changed = new();

    /// <summary>Registers an answer that is about to be sent. Dispose what is returned when it has ended, well or not.</summary>
    /// <param name="file">Of which file.</param>
    /// <param name="who">To whom; it ends with their session.</param>
    /// <param name="door">By which they take it.</param>
    /// <param name="length">How many bytes will be sent.</param>
    /// <param name="isShown">Only looked at, in a page or a viewer: nothing that a person waits for.</param>
    /// <param name="readerGone">Cancelled when there is nobody any more to send to.</param>
    public Download Begin(SharedFile file, PersonSession who, Door door, long length, bool isShown, CancellationToken readerGone)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Register(file, address: null, who, door, length, isShown, readerGone);
    }

    /// <summary>Registers many files that are about to be sent as one. Dispose what is returned when it has ended, well or not.</summary>
    /// <param name="name">Of the archive.</param>
    /// <param name="address">Where it is had again; empty when it cannot be had by an address.</param>
    /// <param name="files">What goes in; the bytes of these are counted, not those between them.</param>
    /// <param name="who">To whom; it ends with their session.</param>
    /// <param name="door">By which they take it.</param>
    /// <param name="readerGone">Cancelled when there is nobody any more to send to.</param>
    public Download BeginArchive(FileName name, string address, IEnumerable<ArchivedFile> files, PersonSession who, Door door, CancellationToken readerGone)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(address);
        var length = files.Sum(file => file.Stored.File.Length);
        // It is no file of a room, and has an id for its line alone.
        var archive = new SharedFile(FileId.New(), name.Value, length, FileState.Ready, MediaType: null, Sha256: null, Failure: null);
        return Register(archive, address, who, door, length, isShown: false, readerGone);
    }

    /// <summary>Everything that is being sent now, to everybody.</summary>
    public IEnumerable<Download> Running => _downloads.Values.Where(download => !download.IsOver);

    /// <summary>What is being sent to a person, and what has ended in the last seconds; oldest first.</summary>
    public ImmutableArray<Download> Of(Guid personId)
    {
        ForgetEnded();
        return [.. _downloads.Values.Where(download => download.Who.PersonId == personId).OrderBy(download => download.Since)];
    }

    /// <summary>One of one's own that is running; null when there is none of this id.</summary>
    public Download? Find(Guid id, PersonSession who) =>
        _downloads.TryGetValue(id, out var download) && Permissions.CanControlDownload(who, download.Who.PersonId) && !download.IsOver
            ? download
            : null;

    /// <summary>Whether this person has called off a download of this file in the last seconds.</summary>
    public bool WasCancelled(FileId file, PersonSession who)
    {
        ArgumentNullException.ThrowIfNull(who);
        ForgetEnded();
        return _downloads.Values.Any(download => download.File.Id == file && download.Who.PersonId == who.PersonId && download.State == DownloadState.Cancelled);
    }

    /// <summary>Raised when one of a person's downloads begins or ends, is paused or goes on; not while bytes flow.</summary>
    public ChangeSignal ChangedFor(Guid personId) => _changed.Of(personId);

    internal ChatShareMetrics Metrics => metrics;

    internal void Changed(Download download) => _changed.Raise(download.Who.PersonId);

    private Download Register(SharedFile file, string? address, PersonSession who, Door door, long length, bool isShown, CancellationToken readerGone)
    {
        ArgumentNullException.ThrowIfNull(who);
        ForgetEnded();
        var until = CancellationTokenSource.CreateLinkedTokenSource(readerGone, who.Ended, lifetime.ApplicationStopping);
        var download = new Download(this, time, file, who, door, length, isShown, until) { Address = address };
        _downloads[download.Id] = download;
        _changed.Raise(who.PersonId);
        return download;
    }

    private void ForgetEnded()
    {
        foreach (var (id, download) in _downloads)
        {
            if (download.EndedFor > (download.State == DownloadState.Broken ? BrokenStays : EndedStays))
                _downloads.TryRemove(id, out _);
        }
    }
}
