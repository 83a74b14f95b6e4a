using ChatShare.Core.Files;

namespace ChatShare.Web.Components.Files;

/// <summary>A file, or a folder and what is in it; in the order in which they were picked.</summary>
internal abstract record FileTree
{
    /// <summary>The files with their folders around them. A folder that holds nothing but another one is one line with it.</summary>
    public static IReadOnlyList<FileTree> Of(IEnumerable<SharedFile> files)
    {
        var root = new List<FileTree>();
        var folders = new Dictionary<string, List<FileTree>>(StringComparer.Ordinal) { [""] = root };
        foreach (var file in files)
            Inside(file.Folder ?? "").Add(new Leaf(file));
        return [.. root.Select(Shortened)];

        List<FileTree> Inside(string path)
        {
            if (folders.TryGetValue(path, out var known))
                return known;
            var cut = path.LastIndexOf('/');
            var inside = new List<FileTree>();
            Inside(path[..Math.Max(0, cut)]).Add(new Folder(path[(cut + 1)..], path, inside));
            return folders[path] = inside;
        }
    }

    private static FileTree Shortened(FileTree node) => node switch
    {
        Folder { Inside: [Folder only] } outer => Shortened(only with { Name = $"{outer.Name}/{only.Name}" }),
        Folder folder => folder with { Inside = [.. folder.Inside.Select(Shortened)] },
        _ => node,
    };

    /// <summary>A file.</summary>
    internal sealed record Leaf(SharedFile File) : FileTree;

    /// <summary>A folder.</summary>
    /// <param name="Name">What stands on its line.</param>
    /// <param name="Path">From the top.</param>
    /// <param name="Inside">At least one.</param>
    internal sealed record Folder(string Name, string Path, IReadOnlyList<FileTree> Inside) : FileTree;
}
