namespace ChatShare.Core.Storage;

/// <summary>The database or a folder cannot be used; the message is one line for whoever started the program.</summary>
public sealed class StorageException(string sentence, Exception? cause = null) : Exception(sentence, cause)
{
    /// <summary>Whether the same may work in a while without another start: a server is away, or does not know us yet.</summary>
    public bool MayPass { get; init; }
}
