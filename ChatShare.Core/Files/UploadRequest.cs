namespace ChatShare.Core.Files;

/// <summary>What a sender says about a file before the first byte.</summary>
/// <param name="Name">Cleaned.</param>
/// <param name="Length">Bytes, exactly.</param>
public sealed record UploadRequest(FileName Name, long Length)
{
    /// <summary>See <see cref="SharedFile.Folder"/>; cleaned by <see cref="FolderPath.Clean"/>.</summary>
    public string? Folder { get; init; }

    /// <summary>Its place among the files that become one message, from 0, whatever the order in which they are announced; null for the end.</summary>
    public int? Index { get; init; }

    /// <summary>When the sender's copy was last changed; tells whether a file that is picked again is the same. Null when not said.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }

    /// <summary>How large the picture is, as its sender says: its place on the card is kept before it is there. Null when not said.</summary>
    public PictureSize? Picture { get; init; }

    /// <summary>The sender's own id for this upload: creating it again gives the same one. Null when there is none.</summary>
    public string? ClientId { get; init; }

    /// <summary>All that a tus client said of it, as it was said: it is told the same when it asks. Null when it came by another way.</summary>
    public string? Metadata { get; init; }
}
