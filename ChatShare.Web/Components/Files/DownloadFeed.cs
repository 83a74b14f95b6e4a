using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Web.Circuits;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ChatShare.Web.Components.Files;

/// <summary>A line of the transfers panel.</summary>
/// <param name="Id">Of the download.</param>
/// <param name="File">The file's id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Address">Where a retry begins; empty when there is none.</param>
/// <param name="Size">Bytes that were asked for.</param>
/// <param name="Sent">Bytes that were written.</param>
/// <param name="Speed">Bytes a second; 0 while it is not known.</param>
/// <param name="State">A <see cref="DownloadState"/> in lower case.</param>
public sealed record DownloadLine(Guid Id, string File, string Name, string Address, long Size, long Sent, double Speed, string State);

/// <summary>
/// Tells the page how its person's downloads fare, and takes their buttons. In the layout, because a download goes on when the room
/// changes. Shows nothing itself.
/// </summary>
public sealed class DownloadFeed : ComponentBase, IAsyncDisposable
{
    // What is over before the eye has found it needs no line.
    private static readonly TimeSpan ShownAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _gone = new();
    private readonly HashSet<Guid> _shown = [];
    private Task _following = Task.CompletedTask;
    private IReadOnlyList<DownloadLine> _lines = [];

    /// <summary>Everything that is on its way.</summary>
    [Inject]
    public required ActiveDownloads Downloads { get; set; }

    /// <summary>Keeps the script up to date.</summary>
    [Inject]
    public required ScriptFeed Feed { get; set; }

    /// <summary>Whose page it is.</summary>
    [Inject]
    public required BrowserConnection Connection { get; set; }

    private PersonSession Who => Connection.Participant.Session;

    private ChangeSignal Changed => Downloads.ChangedFor(Who.PersonId);

    /// <summary>Holds a download.</summary>
    [JSInvokable]
    public Task PauseAsync(Guid id) => Act(id, download => download.Pause());

    /// <summary>Lets it go on.</summary>
    [JSInvokable]
    public Task ResumeAsync(Guid id) => Act(id, download => download.Resume());

    /// <summary>Calls it off.</summary>
    [JSInvokable]
    public Task CancelAsync(Guid id) => Act(id, download => download.Cancel());

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await _following;
    }

    /// <inheritdoc />
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            _following = Feed.RunAsync("downloads", this, Changed, TellAsync, DispatchExceptionAsync, _gone.Token);
    }

    private async Task<bool> TellAsync(IJSObjectReference script, CancellationToken cancellationToken)
    {
        var taken = Downloads.Of(Who.PersonId).Where(download => !download.IsShown).ToList();
        foreach (var download in taken.Where(download => !download.IsOver && download.Age >= ShownAfter))
            _shown.Add(download.Id);
        _shown.IntersectWith(taken.Select(download => download.Id));
        IReadOnlyList<DownloadLine> lines = [.. taken.Where(download => _shown.Contains(download.Id)).Select(LineOf)];
        if (!lines.SequenceEqual(_lines))
        {
            await script.InvokeVoidAsync("show", cancellationToken, lines);
            _lines = lines;
        }

        return taken.Any(download => !download.IsOver);
    }

    private static DownloadLine LineOf(Download download)
    {
        var (progress, state) = (download.Progress, download.State);
        return new DownloadLine(
            download.Id,
            download.File.Id.ToString(),
            download.File.Name,
            download.Address ?? FileMarkup.Address(download.File),
            download.Length,
            progress.Received,
            state == DownloadState.Running ? Math.Round(progress.BytesPerSecond) : 0,
            state.ToString().ToLowerInvariant());
    }

    private Task Act(Guid id, Action<Download> act)
    {
        // One that has ended meanwhile, or is not theirs, is not there.
        if (Downloads.Find(id, Who) is { } download)
            act(download);
        return Task.CompletedTask;
    }
}
