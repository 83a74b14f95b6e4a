namespace ChatShare.Core.Files;

/// <summary>A file on a message, as of the message's last change. Progress in between is <see cref="UploadProgress"/>.</summary>
/// <param name="Id">Its address, from the first byte on.</param>
/// <param name="Name">What people call it; a <see cref="FileName"/>'s value.</param>
/// <param name="Length">Bytes; as declared until it is ready.</param>
/// <param name="State">Where it stands.</param>
/// <param name="MediaType">Recognised by content; null until ready.</param>
/// <param name="Sha256">64 lower-case hexadecimal digits; null until ready.</param>
/// <param name="Failure">A sentence for people: why it failed, or why it was removed; null otherwise.</param>
public sealed record SharedFile(FileId Id, string Name, long Length, FileState State, string? MediaType, string? Sha256, string? Failure)
{
    /// <summary>Where it stood in a folder that was shared whole, with slashes between the names (<c>photos/2026</c>); null when it came alone.</summary>
    public string? Folder { get; init; }

    /// <summary>Its place among the files of its message, from 0; no two have the same, and some places may stay empty. -1 as long as it has none.</summary>
    public int Position { get; init; }

    /// <summary>Of an image, in pixels as people see it; null for everything that has no small picture. As its sender says until it is ready.</summary>
    public int? Width { get; init; }

    /// <summary>See <see cref="Width"/>.</summary>
    public int? Height { get; init; }

    /// <summary>When it became a file, UTC; null until then.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>Somebody asked that the room's rules do not remove it.</summary>
    public bool Kept { get; init; }

    /// <summary>True while bytes may still come.</summary>
    public bool IsUnderWay => State is FileState.Uploading;
}

/// <summary>How far an upload is, counted by the server. Not durable: the newest one wins.</summary>
/// <param name="Id">The file.</param>
/// <param name="Received">Bytes that are here.</param>
/// <param name="Length">Bytes in all.</param>
/// <param name="BytesPerSecond">Over the last seconds; 0 while nothing came yet.</param>
public sealed record UploadProgress(FileId Id, long Received, long Length, double BytesPerSecond)
{
    /// <summary>It had begun, and nobody feeds it now: its sender paused it, or is away.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Every byte is here, and a scanner looks at them.</summary>
    public bool IsChecking { get; init; }

    /// <summary>0–100, 100 only when every byte is here.</summary>
    public int Percent => Length == 0 ? 0 : (int)(Received * 100.0 / Length);

    /// <summary>Null while the speed is not known.</summary>
    public TimeSpan? TimeLeft =>
        BytesPerSecond < 1 ? null : TimeSpan.FromSeconds(Math.Min((Length - Received) / BytesPerSecond, TimeSpan.FromDays(99).TotalSeconds));
}
