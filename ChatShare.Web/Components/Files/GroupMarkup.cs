using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;

namespace ChatShare.Web.Components.Files;

/// <summary>
/// The one card of several files that were shared together, as a part of its message's frame; while any of them comes in,
/// <c>GroupCard</c> stands in its place and looks the same.
/// </summary>
internal static class GroupMarkup
{
    /// <summary>How many lines are there at first: a message of hundreds of files must not push the talk out of sight.</summary>
    public const int LinesAtFirst = 12;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All);

    /// <summary>The card of a message with at least two files, none of which comes in any more.</summary>
    public static string Make(ChatMessage message)
    {
        var files = message.Files;
        var html = new StringBuilder(1024);
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"group\" role=\"group\" aria-label=\"{Title(files)}\" data-group=\"{message.Number}\">");
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"group-head\"><svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#{Icon(files)}\"></use></svg>");
        html.Append(CultureInfo.InvariantCulture, $"<span class=\"group-title\">{Title(files)}</span><span class=\"file-meta\">{Here(files)}</span>");
        AppendTakeAll(html, files);
        html.Append("</div><div class=\"group-files\">");
        Append(html, FileTree.Of(files.Take(LinesAtFirst)));
        if (files.Length > LinesAtFirst)
        {
            html.Append(CultureInfo.InvariantCulture, $"<details class=\"more-cards\" data-part=\"more\"><summary>{More(files)}</summary>");
            Append(html, FileTree.Of(files.Skip(LinesAtFirst)));
            html.Append("</details>");
        }

        return html.Append("</div></div>").ToString();
    }

    /// <summary>The icon's name in <c>icons.svg</c>.</summary>
    public static string Icon(ImmutableArray<SharedFile> files) => files.Any(file => file.Folder is not null) ? "folder" : "file";

    /// <summary>"12 files · 340 MB".</summary>
    public static string Title(ImmutableArray<SharedFile> files) => $"{files.Length} files · {ByteSize.Format(SizeOf(files))}";

    /// <summary>Bytes of what is here or will be.</summary>
    public static long SizeOf(ImmutableArray<SharedFile> files) =>
        files.Where(file => file.State is FileState.Ready || file.IsUnderWay).Sum(file => file.Length);

    /// <summary>"7 of 12 here" as long as any is awaited, with what has become of others: "7 of 12 here, 1 cancelled"; then that all are, or "10 verified, 2 cancelled".</summary>
    public static string Here(ImmutableArray<SharedFile> files)
    {
        var ready = files.Count(file => file.State == FileState.Ready);
        if (ready == files.Length)
            return "verified";
        var awaited = files.Count(file => file.IsUnderWay);
        var others = string.Join(", ", Counts().Where(part => part.Count > 0).Select(part => $"{part.Count} {part.Word}"));
        return awaited == 0 ? others
            : others.Length == 0 ? $"{ready} of {ready + awaited} here"
            : $"{ready} of {ready + awaited} here, {others}";

        IEnumerable<(int Count, string Word)> Counts() =>
        [
            (awaited > 0 ? 0 : ready, "verified"),
            (files.Count(file => file.State == FileState.Cancelled), "cancelled"),
            (files.Count(file => file.State == FileState.Failed), "failed"),
            (files.Count(file => file.State == FileState.Deleted), "deleted"),
        ];
    }

    /// <summary>What the line says behind which the rest waits.</summary>
    public static string More(ImmutableArray<SharedFile> files) =>
        files.Length - LinesAtFirst == 1 ? "1 more file" : $"{files.Length - LinesAtFirst} more files";

    /// <summary>Where all that are here come from as one archive, and what its link says; null when that is fewer than two.</summary>
    public static (string Address, string Words)? TakeAll(ImmutableArray<SharedFile> files)
    {
        var ready = files.Where(file => file.State == FileState.Ready).ToList();
        return ready.Count < 2 ? null : ($"/files/archive?with={ready[0].Id}", $"Download all {ready.Count} as zip");
    }

    private static void AppendTakeAll(StringBuilder html, ImmutableArray<SharedFile> files)
    {
        if (TakeAll(files) is not { } all)
            return;
        html.Append(CultureInfo.InvariantCulture, $"<a class=\"take-all button small\" download href=\"{all.Address}\" aria-label=\"{all.Words}\" title=\"{all.Words}\">");
        html.Append(CultureInfo.InvariantCulture, $"<svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#archive\"></use></svg><span>{all.Words}</span></a>");
    }

    private static void Append(StringBuilder html, IReadOnlyList<FileTree> nodes, int depth = 1)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case FileTree.Leaf { File: var file }:
                    html.Append(FileMarkup.Card(file));
                    break;
                case FileTree.Folder folder:
                    html.Append(CultureInfo.InvariantCulture, $"<details class=\"folder-files\" style=\"--depth:{depth}\" open data-part=\"{Encoder.Encode(folder.Path)}\"><summary class=\"folder\">");
                    html.Append("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#folder\"></use></svg><bdi>");
                    html.Append(Encoder.Encode(folder.Name)).Append("</bdi></summary>");
                    Append(html, folder.Inside, depth + 1);
                    html.Append("</details>");
                    break;
            }
        }
    }
}
