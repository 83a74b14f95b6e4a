using ChatShare.Core.Files;
using ChatShare.Core.People;

namespace ChatShare.Core.Storage;

// The tables. Times are stored as UTC ticks (see ChatShareDbContext), names beside a normalised key,
// so that SQLite and PostgreSQL sort and compare alike.

/// <summary>One joining or signing in: what a cookie or token names. Ended rows stay, so that a page can say why it was ended.</summary>
internal sealed class SessionRow
{
    public Guid Id { get; set; }

    /// <summary>A guest's own id, or the account's id: all sessions of one account are one person.</summary>
    public Guid PersonId { get; set; }

    public required string Nickname { get; set; }

    public required string NicknameKey { get; set; }

    /// <summary>Null for a guest.</summary>
    public Guid? AccountId { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset LastSeenAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>What the person is told; null when they left by themselves.</summary>
    public string? EndReason { get; set; }
}

internal sealed class RoomRow
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public required string NameKey { get; set; }

    public string Topic { get; set; } = "";

    public Guid? CreatedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>The room's counter of durable changes: 0 before the first, without gaps.</summary>
    public long LastNumber { get; set; }

    /// <summary>How many messages were ever posted; deleted ones stay counted.</summary>
    public long MessageCount { get; set; }

    /// <summary>Files older than this many days are removed; null keeps them.</summary>
    public int? KeepDays { get; set; }

    /// <summary>When the room's files take more bytes, the oldest are removed; null keeps them.</summary>
    public long? KeepBytes { get; set; }
}

internal sealed class MessageRow
{
    public int RoomId { get; set; }

    /// <summary>The change under which the message was posted.</summary>
    public long Number { get; set; }

    /// <summary>The message's last change; equals <see cref="Number"/> while nothing was changed.</summary>
    public long Changed { get; set; }

    /// <summary>The message is the room's n-th, counted from 1.</summary>
    public long Ordinal { get; set; }

    public Guid PersonId { get; set; }

    public required string SenderName { get; set; }

    public Door Door { get; set; }

    public DateTimeOffset SentAt { get; set; }

    public required string Text { get; set; }

    public required string ClientId { get; set; }

    public bool Deleted { get; set; }
}

internal sealed class FileRow
{
    public required string Id { get; set; }

    public int RoomId { get; set; }

    public long MessageNumber { get; set; }

    /// <summary>The place among the message's files, from 0.</summary>
    public int Position { get; set; }

    public Guid PersonId { get; set; }

    /// <summary>The session that shares it: while bytes still come, the upload ends with it.</summary>
    public Guid SessionId { get; set; }

    public required string Name { get; set; }

    /// <summary>See <see cref="SharedFile.Folder"/>.</summary>
    public string? Folder { get; set; }

    /// <summary>Bytes, as declared and, once ready, as received.</summary>
    public long Length { get; set; }

    public FileState State { get; set; }

    public string? MediaType { get; set; }

    /// <summary>64 lower-case hexadecimal digits; null until ready.</summary>
    public string? Sha256 { get; set; }

    /// <summary>Of an image; null for everything that has no small picture.</summary>
    public int? Width { get; set; }

    public int? Height { get; set; }

    /// <summary>What people read on a card that failed, or whose file was removed for a reason.</summary>
    public string? Failure { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When its last byte had come and it became a file; null until then. Its age counts from here.</summary>
    public DateTimeOffset? ReadyAt { get; set; }

    /// <summary>Somebody asked that the room's rules do not remove it.</summary>
    public bool Kept { get; set; }

    /// <summary>When the sender's copy was last changed; null when not said.</summary>
    public DateTimeOffset? ModifiedAt { get; set; }

    /// <summary>The sender's own id for the upload; null when there is none.</summary>
    public string? ClientId { get; set; }

    /// <summary>See <see cref="UploadRequest.Metadata"/>.</summary>
    public string? Metadata { get; set; }

    /// <summary>While bytes still come: the <see cref="NodeRow"/> that may append, as long as it lives; null where there is one node.</summary>
    public Guid? Holder { get; set; }

    /// <summary>The node that has asked the holder to let go; null when none has.</summary>
    public Guid? WantedBy { get; set; }
}

/// <summary>One life of a node, for which it holds uploads. A node that could not prolong it in time begins another.</summary>
internal sealed class NodeRow
{
    public Guid Id { get; set; }

    /// <summary>Until when it lives: milliseconds since 1970 by the database’s clock, which is the same for all nodes.</summary>
    public long Until { get; set; }
}

/// <summary>A person has taken a whole file at least once.</summary>
internal sealed class DownloadRow
{
    public required string FileId { get; set; }

    public Guid PersonId { get; set; }

    /// <summary>For the first time.</summary>
    public DateTimeOffset At { get; set; }
}

/// <summary>How far a person has read a room.</summary>
internal sealed class ReadMarkRow
{
    public Guid PersonId { get; set; }

    public int RoomId { get; set; }

    public long Number { get; set; }

    public long Ordinal { get; set; }
}

/// <summary>One administrative act.</summary>
internal sealed class AuditRow
{
    public long Id { get; set; }

    public DateTimeOffset At { get; set; }

    public required string Actor { get; set; }

    public required string Action { get; set; }

    public required string Subject { get; set; }

    public string? Detail { get; set; }
}

/// <summary>Facts about this database: its epoch, the hash of the set-up token, how far the clock of the files' ages is.</summary>
internal sealed class FactRow
{
    public required string Key { get; set; }

    public required string Value { get; set; }
}
