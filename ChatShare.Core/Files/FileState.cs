namespace ChatShare.Core.Files;

/// <summary>Where a shared file stands. Stored by value: never renumber.</summary>
public enum FileState
{
    /// <summary>Bytes are coming in, or the file waits in its sender's queue.</summary>
    Uploading = 0,

    /// <summary>The sender is away or has paused.</summary>
    Paused = 1,

    /// <summary>Complete, hashed, durable; can be downloaded.</summary>
    Ready = 2,

    /// <summary>It broke off; nothing of it can be downloaded.</summary>
    Failed = 3,

    /// <summary>The sender called it off.</summary>
    Cancelled = 4,

    /// <summary>It was complete once and is gone: deleted by an administrator, or removed by its room's rule.</summary>
    Deleted = 5,
}
