using System.Collections.Frozen;
using System.Globalization;
using ChatShare.Core.Files;

namespace ChatShare.Web.Components.Files;

/// <summary>How a file looks on a card: its icon, its name in two parts, its figures.</summary>
internal static class FileFace
{
    private const int EndingLength = 10;
    private const int ShortLength = 24;

    private static readonly Dictionary<string, string> Icons = new(StringComparer.OrdinalIgnoreCase)
    {
        ["pdf"] = "text", ["txt"] = "text", ["md"] = "text", ["doc"] = "text", ["docx"] = "text", ["odt"] = "text", ["rtf"] = "text", ["log"] = "text",
        ["xls"] = "sheet", ["xlsx"] = "sheet", ["ods"] = "sheet", ["csv"] = "sheet", ["tsv"] = "sheet",
        ["png"] = "image", ["jpg"] = "image", ["jpeg"] = "image", ["gif"] = "image", ["webp"] = "image", ["svg"] = "image", ["bmp"] = "image",
        ["avif"] = "image", ["heic"] = "image", ["tif"] = "image", ["tiff"] = "image",
        ["mp3"] = "audio", ["wav"] = "audio", ["flac"] = "audio", ["ogg"] = "audio", ["m4a"] = "audio", ["opus"] = "audio",
        ["mp4"] = "video", ["mkv"] = "video", ["webm"] = "video", ["mov"] = "video", ["avi"] = "video",
        ["zip"] = "archive", ["gz"] = "archive", ["tgz"] = "archive", ["xz"] = "archive", ["zst"] = "archive", ["7z"] = "archive", ["rar"] = "archive",
        ["tar"] = "archive", ["iso"] = "archive", ["bz2"] = "archive", ["deb"] = "archive", ["rpm"] = "archive",
        ["cs"] = "code", ["js"] = "code", ["ts"] = "code", ["py"] = "code", ["c"] = "code", ["h"] = "code", ["cpp"] = "code", ["rs"] = "code",
        ["go"] = "code", ["java"] = "code", ["json"] = "code", ["xml"] = "code", ["html"] = "code", ["css"] = "code", ["sh"] = "code", ["yml"] = "code",
        ["yaml"] = "code", ["sql"] = "code", ["razor"] = "code",
    };

    // Text that is not told by its content: markup, which is never sent as what it is, other encodings, and nothing at all.
    private static readonly FrozenSet<string> TextEndings = new[]
    {
        "txt", "text", "md", "log", "csv", "tsv", "svg", "htm", "xhtml", "ini", "toml", "conf", "cfg", "config", "env", "properties", "tex", "bib",
        "bat", "cmd", "ps1", "vb", "fs", "kt", "swift", "php", "rb", "pl", "lua", "r", "jsx", "tsx", "vue", "scss", "less", "xaml", "xsl", "xsd",
        "csproj", "sln", "props", "targets", "resx", "cshtml", "diff", "patch", "srt", "vtt", "ics", "vcf", "eml", "gpx", "kml", "geojson", "rss",
    }.Concat(Icons.Where(icon => icon.Value == "code").Select(icon => icon.Key)).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The icon's name in <c>icons.svg</c>.</summary>
    public static string Icon(string fileName) => Icons.GetValueOrDefault(Ending(fileName), "file");

    /// <summary>
    /// How the page can show a finished file without a download: <c>image</c>, <c>audio</c>, <c>video</c>, <c>pdf</c>, <c>table</c> or
    /// <c>text</c>, the names that <c>viewer.js</c> knows; null when it cannot.
    /// </summary>
    public static string? View(SharedFile file)
    {
        if (file.State != FileState.Ready)
            return null;
        var type = ContentType.FromStored(file.MediaType ?? "");
        return type.Kind switch
        {
            FileKind.Audio when type.MayInline => "audio",
            FileKind.Video when type.MayInline => "video",
            FileKind.Pdf => "pdf",
            // One whose size the server could not tell is broken or a bomb, except of the one kind that only browsers read.
            FileKind.Image when file.Width is not null || type.MediaType == "image/avif" => "image",
            FileKind.Text => AsText(file.Name),
            FileKind.Other when TextEndings.Contains(Ending(file.Name)) => AsText(file.Name),
            _ => null,
        };
    }

    /// <summary>The name in two parts: only the first is cut when there is no place, so that the ending stays visible.</summary>
    public static (string Stem, string Ending) Split(string name)
    {
        // In two parts it is two words to a search of the page and to who has it read out: one that has a place on any card stays whole.
        if (name.Length <= ShortLength)
            return (name, "");
        // At the start of what is one character to people: accents, flags and joined signs are several to a program.
        var earliest = Math.Max(0, name.Length - EndingLength);
        var cut = StringInfo.ParseCombiningCharacters(name).LastOrDefault(start => start <= earliest);
        return (name[..cut], name[cut..]);
    }

    /// <summary>What a file is to whoever looks for it: text is also what the page shows as text, such as that of another encoding.</summary>
    public static FileKind Kind(SharedFile file) =>
        View(file) is "text" or "table" ? FileKind.Text : ContentType.FromStored(file.MediaType ?? "").Kind;

    /// <summary>A kind of files as people call it.</summary>
    public static string NameOf(FileKind kind) => kind switch
    {
        FileKind.Image => "Image",
        FileKind.Audio => "Sound",
        FileKind.Video => "Video",
        FileKind.Pdf => "PDF",
        FileKind.Text => "Text",
        _ => "Other",
    };

    private static string AsText(string name) => Ending(name).ToUpperInvariant() is "CSV" or "TSV" ? "table" : "text";

    private static string Ending(string name) => Path.GetExtension(name).TrimStart('.');
}
