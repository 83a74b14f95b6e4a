namespace ChatShare.Cli.State;

/// <summary>What is known of an upload that has begun.</summary>
/// <param name="Server">Without a slash at the end.</param>
/// <param name="Nickname">Whose it is: nobody else may go on with it.</param>
/// <param name="Room">Where it goes.</param>
/// <param name="Path">The whole path of the file.</param>
/// <param name="Size">In bytes, as it was then.</param>
/// <param name="ModifiedAt">As it was then: another file under the same path is another upload.</param>
internal sealed record UploadKey(string Server, string Nickname, string Room, string Path, long Size, DateTimeOffset ModifiedAt);

/// <summary>One that can be gone on with.</summary>
/// <param name="Key">Which file.</param>
/// <param name="ClientId">Makes the announcement safe to repeat, also when the program died before it heard the answer.</param>
/// <param name="Batch">Files with the same one are one message; null for a message of its own.</param>
/// <param name="Location">Its path at the server; null when the answer has not come.</param>
/// <param name="BegunAt">To forget it some day.</param>
/// <param name="IsDone">All of it is there, while others of its batch are not.</param>
internal sealed record UploadNote(UploadKey Key, string ClientId, string? Batch, string? Location, DateTimeOffset BegunAt, bool IsDone = false);

/// <summary>All of them.</summary>
internal sealed record UploadNotes(IReadOnlyList<UploadNote> Uploads);

/// <summary>The file that remembers uploads, so that the same command goes on after a cut or a kill.</summary>
internal sealed class UploadMemory(Folders folders, TimeProvider time, Action<string> warn)
{
    // Longer than servers usually keep what nobody goes on with.
    private static readonly TimeSpan Keep = TimeSpan.FromDays(7);

    private readonly PrivateFile<UploadNotes> _file = new(Path.Combine(folders.State, "uploads.json"), StateJson.Default.UploadNotes, isNeeded: false);

    /// <summary>The note about a file; null when there is none.</summary>
    public UploadNote? Find(UploadKey key) => (_file.Read(warn)?.Uploads ?? []).LastOrDefault(note => note.Key == key);

    /// <summary>Adds or replaces them.</summary>
    public Task SaveAsync(IReadOnlyCollection<UploadNote> notes, CancellationToken cancellationToken) => _file.ChangeAsync(
        saved => new([.. Without(saved, [.. notes.Select(note => note.Key)]), .. notes]), warn, cancellationToken);

    /// <summary>They are complete, or cannot be gone on with.</summary>
    public Task ForgetAsync(IReadOnlyCollection<UploadKey> keys, CancellationToken cancellationToken) => _file.ChangeAsync(
        saved => new([.. Without(saved, [.. keys])]), warn, cancellationToken);

    private IEnumerable<UploadNote> Without(UploadNotes? saved, HashSet<UploadKey> keys) =>
        (saved?.Uploads ?? []).Where(note => !keys.Contains(note.Key) && time.GetUtcNow() - note.BegunAt < Keep);
}
