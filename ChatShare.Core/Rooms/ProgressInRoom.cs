using ChatShare.Core.Files;

namespace ChatShare.Core.Rooms;

/// <summary>How far the uploads of a room are; of each the newest wins. Guarded by the room's lock.</summary>
internal sealed class ProgressInRoom
{
    private readonly Dictionary<FileId, (UploadProgress Progress, long Version)> _uploads = [];

    /// <summary>Grows with each report.</summary>
    public long Version { get; private set; }

    public IEnumerable<UploadProgress> All => _uploads.Values.Select(upload => upload.Progress);

    public UploadProgress? Find(FileId id) => _uploads.TryGetValue(id, out var upload) ? upload.Progress : null;

    public void Report(UploadProgress progress) => _uploads[progress.Id] = (progress, ++Version);

    public void Ended(FileId id) => _uploads.Remove(id);

    /// <summary>Those that have moved on since a version, as events.</summary>
    public void Read(long after, List<RoomEvent> events)
    {
        if (after >= Version)
            return;
        foreach (var (progress, version) in _uploads.Values)
        {
            if (version > after)
                events.Add(new RoomEvent.UploadProgressed(progress));
        }
    }
}
