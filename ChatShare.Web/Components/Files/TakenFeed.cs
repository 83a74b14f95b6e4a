using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Web.Circuits;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ChatShare.Web.Components.Files;

/// <summary>How many have taken a file, for its sender's card.</summary>
public sealed record TakenLine(string File, int Count, int Of);

/// <summary>
/// Answers the page, which knows the cards of its own person's files, how many have taken them. Only pages that show such cards ask, and
/// again when somebody has taken one. Shows nothing itself.
/// </summary>
public sealed class TakenFeed : ComponentBase, IAsyncDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private Task _following = Task.CompletedTask;
    private long _told = -1;

    /// <summary>Who has taken which file.</summary>
    [Inject]
    public required WhoHasIt WhoHasIt { get; set; }

    /// <summary>Keeps the script up to date.</summary>
    [Inject]
    public required ScriptFeed Feed { get; set; }

    /// <summary>Whose page it is.</summary>
    [Inject]
    public required BrowserConnection Connection { get; set; }

    private PersonSession Who => Connection.Participant.Session;

    private ChangeSignal Changed => WhoHasIt.ChangedFor(Who.PersonId);

    /// <summary>The counts of those of these files that are one's own.</summary>
    [JSInvokable]
    public async Task<IReadOnlyList<TakenLine>> CountAsync(IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        try
        {
            var counts = await WhoHasIt.CountAsync(files.Select(Parse).OfType<FileId>(), Who, _gone.Token);
            return [.. counts.Select(count => new TakenLine(count.Id.ToString(), count.Count, count.Of))];
        }
        catch (RefusedException)
        {
            // The session has ended; the page is about to say so.
            return [];
        }
    }

    /// <summary>The names of those who have taken one's own file.</summary>
    [JSInvokable]
    public async Task<IReadOnlyList<string>> NamesAsync(string file)
    {
        try
        {
            return Parse(file) is { } id ? await WhoHasIt.NamesAsync(id, Who, _gone.Token) : [];
        }
        catch (RefusedException)
        {
            return [];
        }
    }

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
            _following = Feed.RunAsync("whoHasIt", this, Changed, TellAsync, DispatchExceptionAsync, _gone.Token);
    }

    private async Task<bool> TellAsync(IJSObjectReference script, CancellationToken cancellationToken)
    {
        var version = Changed.Version;
        if (version != _told)
        {
            await script.InvokeVoidAsync("changed", cancellationToken);
            _told = version;
        }

        return false;
    }

    private static FileId? Parse(string? text) => FileId.TryParse(text, out var id) ? id : null;
}
