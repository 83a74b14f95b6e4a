using ChatShare.Core.Rooms;

namespace ChatShare.Core.Messages;

/// <summary>
/// The messages whose files still come in, as the database has them: each announcement and each end of a file changes one, and reading
/// all its files again each time made hundreds of files take minutes. The writer's own, and the truth as long as it is the only one that
/// writes; to be emptied when a transaction is rolled back.
/// </summary>
internal sealed class FillingMessages
{
    private const int Most = 256;

    private readonly Dictionary<(int RoomId, long Number), ChatMessage> _messages = [];

    /// <summary>Null when it has to be read.</summary>
    public ChatMessage? Find(int roomId, long number) => _messages.GetValueOrDefault((roomId, number));

    /// <summary>Takes note of a message as it is now; one that does not fill is let go.</summary>
    public void Note(ChatMessage message)
    {
        if (!message.IsFilling || message.Deleted)
        {
            _messages.Remove((message.RoomId, message.Number));
            return;
        }

        // Uploads that nobody goes on with stay for a day.
        if (_messages.Count >= Most)
            _messages.Clear();
        _messages[(message.RoomId, message.Number)] = message;
    }

    public void Clear() => _messages.Clear();
}
