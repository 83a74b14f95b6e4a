using System.Collections.Immutable;
using ChatShare.Core.Files;

namespace ChatShare.Core.Messages;

/// <summary>
/// The files of one message in the order of their positions. Files of a batch are announced side by side and come in any order; where
/// each stands is its sender's word, and the database takes each place once.
/// </summary>
internal static class PlacedFiles
{
    /// <summary>The position of a file that goes behind all that are there.</summary>
    public const int AtEnd = -1;

    /// <summary>The highest position that can be asked for.</summary>
    public const int Last = 99_999;

    /// <summary>A place that is taken or impossible counts as none: a sender's mistake must not cost the file.</summary>
    public static ImmutableArray<SharedFile> Add(ImmutableArray<SharedFile> files, ImmutableArray<SharedFile> added)
    {
        var all = files.ToBuilder();
        foreach (var file in added)
        {
            var isPlaced = file.Position is >= 0 and <= Last;
            var at = all.Count;
            while (isPlaced && at > 0 && all[at - 1].Position > file.Position)
                at--;
            if (!isPlaced || (at > 0 && all[at - 1].Position == file.Position))
                all.Add(file with { Position = all.Count == 0 ? 0 : all[^1].Position + 1 });
            else
                all.Insert(at, file);
        }

        return all.ToImmutable();
    }

    /// <summary>The files, one of them with what may change of it; name, folder and place never do.</summary>
    public static ImmutableArray<SharedFile> Change(ImmutableArray<SharedFile> files, SharedFile changed)
    {
        var at = IndexOf(files, changed.Id);
        var known = files[at];
        return files.SetItem(at, changed with { Name = known.Name, Folder = known.Folder, Position = known.Position });
    }

    /// <exception cref="InvalidOperationException">It is none of them.</exception>
    public static int IndexOf(ImmutableArray<SharedFile> files, FileId id)
    {
        for (var i = 0; i < files.Length; i++)
        {
            if (files[i].Id == id)
                return i;
        }

        throw new InvalidOperationException($"The file {id} is not in its message.");
    }
}
