using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Chat;

/// <summary>What the buttons of a row in a log do. A singleton; who may do it is asked by what does it.</summary>
internal sealed class RowActions(FileKeeping keeping, FileRemoval removal, Administration administration)
{
    /// <summary>Does what a button says; nothing when there is no such button.</summary>
    /// <param name="action">Which, as it came from a browser.</param>
    /// <param name="room">The room of the log.</param>
    /// <param name="message">The message of the row.</param>
    /// <param name="file">The file on whose card the button stands; null when it is the message's.</param>
    /// <param name="who">Who pressed it.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    /// <exception cref="ChatShare.Core.RefusedException">They may not, or it is gone.</exception>
    public Task ActAsync(string? action, Room room, ChatMessage message, FileId? file, PersonSession who, CancellationToken cancellationToken) => action switch
    {
        "keep" or "let-go" when file is { } id => keeping.KeepAsync(id, kept: action == "keep", who, cancellationToken),
        // Of others it is an administrator's act, which is written down.
        "take-back" when message.PersonId != who.PersonId => administration.DeleteMessageAsync(room, message, who, cancellationToken),
        "take-back" => removal.DeleteMessageAsync(room, message.Number, who, cancellationToken),
        _ => Task.CompletedTask,
    };
}
