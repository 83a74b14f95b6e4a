using ChatShare.Core;
using ChatShare.Core.Files;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ChatShare.Web.Components.Files;

/// <summary>How many have taken a file, for its sender's card.</summary>
public sealed record TakenLine(string File, int Count, int Of);

/// <summary>
/// Answers the page, which knows the cards of its own person's files, how many have taken them. Only pages that show such cards ask, and
/// again when somebody has taken one. Shows nothing itself.
/// </summary>
public sealed class TakenFeed : PageFeed
{
    private long _told = -1;

    /// <summary>Who has taken which file.</summary>
    [Inject]
    public required WhoHasIt WhoHasIt { get; set; }

    /// <inheritdoc />
    protected override string Script => "whoHasIt";

    /// <inheritdoc />
    protected override ChangeSignal Changed => WhoHasIt.ChangedFor(Who.PersonId);

    /// <summary>The counts of those of these files that are one's own.</summary>
    [JSInvokable]
    public async Task<IReadOnlyList<TakenLine>> CountAsync(IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        try
        {
            var counts = await WhoHasIt.CountAsync(files.Select(Parse).OfType<FileId>(), Who, Gone);
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
            return Parse(file) is { } id ? await WhoHasIt.NamesAsync(id, Who, Gone) : [];
        }
        catch (RefusedException)
        {
            return [];
        }
    }

    /// <inheritdoc />
    protected override async Task<bool> TellAsync(IJSObjectReference handle, CancellationToken cancellationToken)
    {
        var version = Changed.Version;
        if (version != _told)
        {
            await handle.InvokeVoidAsync("changed", cancellationToken);
            _told = version;
        }

        return false;
    }

    private static FileId? Parse(string? text) => FileId.TryParse(text, out var id) ? id : null;
}
