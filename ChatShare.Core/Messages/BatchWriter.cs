using ChatShare.Core.Files;
using ChatShare.Core.Rooms;

namespace ChatShare.Core.Messages;

/// <summary>Decides what each entry of one batch becomes, the same way for every engine.</summary>
internal sealed class BatchWriter(IAppendCommands commands, TimeProvider time)
{
    private readonly Dictionary<int, RoomCounter> _counters = [];

    /// <summary>Makes all changes, counters included; the caller commits them.</summary>
    public AppendResult[] Write(IReadOnlyList<LogEntry> batch)
    {
        var results = new AppendResult[batch.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = batch[i] switch
            {
                LogEntry.Post post => Post(post),
                LogEntry.ChangeFile change => ChangeFile(change),
                LogEntry.Delete delete => Delete(delete),
                var other => throw new InvalidOperationException($"No command for {other.GetType().Name}."),
            };
        }

        foreach (var (room, counter) in _counters)
            commands.WriteCounter(room, counter);
        return results;
    }

    private AppendResult Post(LogEntry.Post post)
    {
        var who = post.Sender;
        var counter = CounterOf(post.Room);
        var message = new ChatMessage
        {
            RoomId = post.Room.Id,
            Number = counter.LastNumber + 1,
            Changed = counter.LastNumber + 1,
            Ordinal = counter.MessageCount + 1,
            PersonId = who.PersonId,
            Sender = who.Nickname.Value,
            Door = post.Door,
            SentAt = time.GetUtcNow(),
            Text = post.Text,
            ClientId = post.ClientId,
            Deleted = false,
            Files = PlacedFiles.Add([], post.Files),
        };
        if (!commands.TryInsert(message))
        {
            // A retry: the first try was committed, its acknowledgement was lost. The number stays free.
            var known = commands.FindByClientId(message.RoomId, message.PersonId, message.ClientId);
            return post.JoinsMessage ? Join(post, known) : new AppendResult(known, IsNew: false, null);
        }

        InsertFiles(post, message, message.SentAt);
        _counters[post.Room.Id] = new RoomCounter(message.Number, message.Ordinal);
        return Changed(message);
    }

    private AppendResult Join(LogEntry.Post post, ChatMessage message)
    {
        if (message.Deleted)
            return AppendResult.Refused(RefusalKind.NotFound, "The message of these files was deleted.");
        if (post.MostFiles > 0 && message.Files.Length + post.Files.Length > post.MostFiles)
            return AppendResult.Refused(RefusalKind.TooLarge, $"One message can have {post.MostFiles} files here.");
        var joined = message.With(TakeNumber(post.Room), PlacedFiles.Add(message.Files, post.Files));
        InsertFiles(post, joined, time.GetUtcNow());
        commands.Touch(joined);
        return Changed(joined);
    }

    private void InsertFiles(LogEntry.Post post, ChatMessage message, DateTimeOffset at)
    {
        for (var i = 0; i < post.Files.Length; i++)
        {
            var file = message.Files[PlacedFiles.IndexOf(message.Files, post.Files[i].Id)];
            commands.InsertFile(message, file, post, i < post.Requests.Length ? post.Requests[i] : null, at);
        }
    }

    private AppendResult ChangeFile(LogEntry.ChangeFile change)
    {
        var file = change.File;
        if (commands.FindByFile(change.Room.Id, file.Id) is not { } message)
            return AppendResult.Refused(RefusalKind.NotFound, "This file is not there any more.");
        // An upload that had not heard of it yet: the file must not come back.
        if (message.Deleted)
            return AppendResult.Refused(RefusalKind.Gone, "The message of this file was deleted.");
        // Ended by another node meanwhile, by an earlier life of this one, from which the upload was taken over, or by a commit that was in doubt: the
        // first end stays, and whoever asks for another one is told it.
        if (file.State != FileState.Deleted && message.Files[PlacedFiles.IndexOf(message.Files, file.Id)] is { IsUnderWay: false } ended
            && (ended.State, file.State) is not (FileState.Ready, FileState.Ready))
        {
            return new AppendResult(message, IsNew: false, null);
        }

        commands.UpdateFile(file);
        var changed = message.With(TakeNumber(change.Room), PlacedFiles.Change(message.Files, file));
        commands.Touch(changed);
        return Changed(changed);
    }

    private AppendResult Delete(LogEntry.Delete delete)
    {
        if (commands.Find(delete.Room.Id, delete.Number) is not { Deleted: false } message)
            return AppendResult.Refused(RefusalKind.NotFound, "This message is not there any more.");
        var deleted = message.Without(TakeNumber(delete.Room));
        commands.Delete(deleted);
        return Changed(deleted);
    }

    private static AppendResult Changed(ChatMessage message) => new(message, IsNew: true, null);

    private RoomCounter CounterOf(Room room)
    {
        if (!_counters.TryGetValue(room.Id, out var counter))
            _counters[room.Id] = counter = commands.ReadCounter(room);
        return counter;
    }

    private long TakeNumber(Room room)
    {
        var counter = CounterOf(room);
        _counters[room.Id] = counter with { LastNumber = counter.LastNumber + 1 };
        return counter.LastNumber + 1;
    }
}
