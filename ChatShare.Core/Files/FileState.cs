namespace ChatShare.Core.Files;

/// <summary>Where a shared file stands. Stored by value: never renumber. 1 was never written, and stays free.</summary>
public enum FileState
{
    /// <summary>Under way: bytes are coming in, or the sender waits, is away or has paused (<see cref="UploadProgress.IsPaused"/>).</summary>
    Uploading = 0,

    /// <summary>Complete, hashed, durable; can be downloaded.</summary>
    Ready = 2,

    /// <summary>It broke off; nothing of it can be downloaded.</summary>
    Failed = 3,

    /// <summary>The sender called it off.</summary>
    Cancelled = 4,

    /// <summary>It was complete once and is gone: deleted by an administrator, or removed by its room's rule.</summary>
    Deleted = 5,
}
