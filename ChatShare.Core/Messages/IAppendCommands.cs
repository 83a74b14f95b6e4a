using ChatShare.Core.Files;
using ChatShare.Core.Rooms;

namespace ChatShare.Core.Messages;

/// <summary>How many changes and messages a room has.</summary>
internal readonly record struct RoomCounter(long LastNumber, long MessageCount);

/// <summary>
/// Reads and changes the rows of one transaction, which holds the counters of the rooms that it writes to: nobody else changes messages of them.
/// What was changed is found so at once.
/// </summary>
internal interface IAppendCommands
{
    /// <exception cref="Storage.StorageException">The room is not in the database.</exception>
    RoomCounter ReadCounter(Room room);

    void WriteCounter(int roomId, RoomCounter counter);

    /// <summary>Null when there is none.</summary>
    ChatMessage? Find(int roomId, long number);

    /// <summary>Null when there is none.</summary>
    ChatMessage? FindByFile(int roomId, FileId file);

    /// <summary>The message that its sender has sent under this id before.</summary>
    ChatMessage FindByClientId(int roomId, Guid personId, string clientId);

    /// <summary>False, and nothing is changed, when its sender has sent one under the same id.</summary>
    bool TryInsert(ChatMessage message);

    /// <summary>Its row beside its message.</summary>
    /// <param name="message">It is among its files.</param>
    /// <param name="file">With its place.</param>
    /// <param name="post">Who shares it, and at which node.</param>
    /// <param name="request">What is kept of it beside the card; null for nothing.</param>
    /// <param name="at">When.</param>
    void InsertFile(ChatMessage message, SharedFile file, LogEntry.Post post, UploadRequest? request, DateTimeOffset at);

    void UpdateFile(SharedFile file);

    /// <summary>Writes down the number of the message's last change.</summary>
    void Touch(ChatMessage message);

    /// <summary>Takes text and contents of a message away that was there.</summary>
    void Delete(ChatMessage message);
}
