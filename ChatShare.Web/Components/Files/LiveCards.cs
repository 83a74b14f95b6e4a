using ChatShare.Core.Files;

namespace ChatShare.Web.Components.Files;

/// <summary>The cards of one page that are filling, by file, and the newest progress of each. Used on the circuit's thread alone.</summary>
public sealed class LiveCards
{
    private readonly Dictionary<FileId, UploadProgress> _newest = [];
    private readonly Dictionary<FileId, FileCard> _cards = [];

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

    /// <summary>Moves the file's card on, now or when it appears.</summary>
    internal void Report(UploadProgress progress)
    {
        // An older report may come behind a newer one.
        if (_newest.TryGetValue(progress.Id, out var known) && progress.Received < known.Received)
            return;
        _newest[progress.Id] = progress;
        if (_cards.TryGetValue(progress.Id, out var card))
            card.Show(progress);
    }
}
