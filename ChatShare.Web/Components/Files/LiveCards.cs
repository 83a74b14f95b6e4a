using ChatShare.Core.Files;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Files;

/// <summary>The cards of one page that are filling, by file, and the newest progress of each. Used on the circuit's thread alone.</summary>
public sealed class LiveCards
{
    private readonly Dictionary<FileId, UploadProgress> _newest = [];
    private readonly Dictionary<FileId, FileCard> _cards = [];
    private readonly Dictionary<FileId, GroupCard> _groups = [];
    private readonly HashSet<GroupCard> _moved = [];

    internal UploadProgress Add(FileCard card)
    {
        _cards[card.File.Id] = card;
        return _newest.GetValueOrDefault(card.File.Id) ?? new UploadProgress(card.File.Id, 0, card.File.Length, 0);
    }

    internal void Remove(FileCard card)
    {
        // Its progress stays: the row may only have left the window, and the card that comes back goes on from there.
        if (_cards.GetValueOrDefault(card.File.Id) == card)
            _cards.Remove(card.File.Id);
    }

    /// <summary>Tells the group of its files from now on, also of those that joined it just now.</summary>
    internal void Add(GroupCard group)
    {
        foreach (var file in group.Message.Files)
        {
            if (file.IsUnderWay)
                _groups[file.Id] = group;
            else
                _groups.Remove(file.Id);
        }
    }

    internal void Remove(GroupCard group)
    {
        _moved.Remove(group);
        foreach (var file in group.Message.Files)
        {
            if (_groups.GetValueOrDefault(file.Id) == group)
                _groups.Remove(file.Id);
        }
    }

    /// <summary>Null while nothing is known of it.</summary>
    internal UploadProgress? Newest(FileId id) => _newest.GetValueOrDefault(id);

    /// <summary>Moves the file's card on, now or when it appears.</summary>
    internal void Report(UploadProgress progress)
    {
        // An older report may come behind a newer one. Who goes on with an upload of another node may have less of it than was there.
        if (_newest.TryGetValue(progress.Id, out var known) && progress.Received < known.Received && progress.IsPaused == known.IsPaused)
            return;
        _newest[progress.Id] = progress;
        if (_cards.TryGetValue(progress.Id, out var card))
            card.Show(progress);
        if (_groups.TryGetValue(progress.Id, out var group))
            _moved.Add(group);
    }

    /// <summary>Of files that have ended their row says everything.</summary>
    internal void Forget(ChatMessage message)
    {
        foreach (var file in message.Files.Where(file => !file.IsUnderWay))
            _newest.Remove(file.Id);
    }

    /// <summary>Draws what counts several files together, once for all that was reported.</summary>
    internal void Settle()
    {
        foreach (var group in _moved)
            group.Show();
        _moved.Clear();
    }
}
