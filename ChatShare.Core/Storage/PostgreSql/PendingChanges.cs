using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using Npgsql;

namespace ChatShare.Core.Storage.PostgreSql;

/// <summary>What a batch changes, as a handful of statements: each takes all rows of its kind at once, and no row twice.</summary>
internal sealed class PendingChanges
{
    public List<ChatMessage> Messages { get; } = [];

    public List<FileRow> Files { get; } = [];

    /// <summary>The last state of each.</summary>
    public Dictionary<FileId, SharedFile> FileChanges { get; } = [];

    /// <summary>The number of the last change of each message that is not only new.</summary>
    public Dictionary<(int RoomId, long Number), long> Touched { get; } = [];

    public List<(int RoomId, long Number)> Deleted { get; } = [];

    public List<(int RoomId, RoomCounter Counter)> Counters { get; } = [];

    /// <summary>In the order in which they have to be run: a message before its files, and deletions at the end.</summary>
    public IEnumerable<NpgsqlBatchCommand> Commands()
    {
        if (Messages.Count > 0)
        {
            yield return Sql.Command(
                Sql.InsertMessages,
                Column(Messages, m => m.RoomId), Column(Messages, m => m.Number), Column(Messages, m => m.Ordinal), Column(Messages, m => m.PersonId),
                Column(Messages, m => m.Sender), Column(Messages, m => (int)m.Door), Column(Messages, m => m.SentAt.UtcTicks), Column(Messages, m => m.Text),
                Column(Messages, m => m.ClientId));
        }

        if (Files.Count > 0)
        {
            yield return Sql.Command(
                Sql.InsertFiles,
                Column(Files, f => f.Id), Column(Files, f => f.RoomId), Column(Files, f => f.MessageNumber), Column(Files, f => f.Position),
                Column(Files, f => f.PersonId), Column(Files, f => f.SessionId), Column(Files, f => f.Name), Column(Files, f => f.Folder),
                Column(Files, f => f.Length), Column(Files, f => (int)f.State), Column(Files, f => f.CreatedAt.UtcTicks),
                Column(Files, f => f.ModifiedAt?.UtcTicks), Column(Files, f => f.ClientId), Column(Files, f => f.Metadata), Column(Files, f => f.Holder),
                Column(Files, f => f.Width), Column(Files, f => f.Height));
        }

        if (FileChanges.Count > 0)
        {
            var files = FileChanges.Values;
            yield return Sql.Command(
                Sql.UpdateFiles,
                Column(files, f => f.Id.ToString()), Column(files, f => (int)f.State), Column(files, f => f.Length), Column(files, f => f.MediaType),
                Column(files, f => f.Sha256), Column(files, f => f.Failure), Column(files, f => f.Width), Column(files, f => f.Height),
                Column(files, f => f.ReadyAt?.UtcTicks), Column(files, f => f.Kept));
        }

        if (Touched.Count > 0)
            yield return Sql.Command(Sql.TouchMessages, Column(Touched, t => t.Key.RoomId), Column(Touched, t => t.Key.Number), Column(Touched, t => t.Value));
        if (Deleted.Count > 0)
        {
            object[] deleted = [Column(Deleted, d => d.RoomId), Column(Deleted, d => d.Number)];
            yield return Sql.Command(Sql.DeleteMessages, deleted);
            yield return Sql.Command(Sql.DeleteFiles, [.. deleted, (int)FileState.Deleted]);
        }

        if (Counters.Count > 0)
        {
            yield return Sql.Command(
                Sql.WriteCounters, Column(Counters, c => c.RoomId), Column(Counters, c => c.Counter.LastNumber), Column(Counters, c => c.Counter.MessageCount));
        }
    }

    private static TValue[] Column<TRow, TValue>(IEnumerable<TRow> rows, Func<TRow, TValue> value) => [.. rows.Select(value)];
}
