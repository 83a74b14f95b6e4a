using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.Rooms;
using ChatShare.Web.Components.Files;

namespace ChatShare.Web.Components.Chat;

/// <summary>
/// The one frame of a finished row: safe HTML, made once for each message and shared by everybody. Nothing in it depends on
/// who looks; times and what is one's own are decorated by the browser. Everything that came from a person is encoded here.
/// </summary>
internal static class MessageMarkup
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All);

    // A message of hundreds of files must not push the talk out of sight.
    private const int CardsAtFirst = 12;

    private const int MaxPictureWidth = 360;
    private const int MaxPictureHeight = 280;

    /// <summary>
    /// The article of a message. While any of its files is still coming in, its cards stand outside, all of them, so that none
    /// changes its place when it becomes a file.
    /// </summary>
    public static string Make(ChatMessage message)
    {
        var html = new StringBuilder(512);
        var name = Encoder.Encode(message.Sender);
        html.Append(CultureInfo.InvariantCulture, $"<article class=\"message\" id=\"m{message.Number}\" data-number=\"{message.Number}\" ");
        html.Append(CultureInfo.InvariantCulture, $"data-person=\"{message.PersonId:N}\" data-client=\"{Encoder.Encode(message.ClientId)}\">");
        html.Append(CultureInfo.InvariantCulture, $"<span class=\"disc c{PersonFace.Color(message.Sender)}\" aria-hidden=\"true\">");
        html.Append(Encoder.Encode(PersonFace.Initials(message.Sender))).Append("</span>");
        html.Append("<header class=\"message-head\"><b class=\"name\" dir=\"auto\">").Append(name).Append("</b> ");
        html.Append(CultureInfo.InvariantCulture, $"<time datetime=\"{message.SentAt.UtcDateTime:yyyy-MM-ddTHH:mm:ss}Z\"></time></header>");
        if (message.Deleted)
            html.Append("<div class=\"text deleted\">This message was deleted.</div>");
        else
            AppendContent(html, message);
        return html.Append("</article>").ToString();
    }

    private static void AppendContent(StringBuilder html, ChatMessage message)
    {
        if (message.Text.Length > 0)
        {
            html.Append(IsEmojiOnly(message.Text) ? "<div class=\"text emoji-only\" dir=\"auto\">" : "<div class=\"text\" dir=\"auto\">");
            html.Append(MessageHtml.Format(message.Text)).Append("</div>");
        }

        if (message.Files.IsEmpty || message.IsFilling)
            return;
        html.Append("<div class=\"cards\">");
        var rest = message.Files.Length - CardsAtFirst;
        for (var i = 0; i < message.Files.Length; i++)
        {
            if (i == CardsAtFirst)
                html.Append(CultureInfo.InvariantCulture, $"<details class=\"more-cards\"><summary>{rest} more {(rest == 1 ? "file" : "files")}</summary>");
            html.Append(Folder(message.Files, i)).Append(Card(message.Files[i]));
        }

        html.Append(rest > 0 ? "</details></div>" : "</div>");
        AppendTakeAll(html, message);
    }

    /// <summary>Several files at once, as one archive.</summary>
    private static void AppendTakeAll(StringBuilder html, ChatMessage message)
    {
        var ready = message.Files.Where(file => file.State == FileState.Ready).ToList();
        if (ready.Count < 2)
            return;
        html.Append(CultureInfo.InvariantCulture, $"<a class=\"take-all\" download href=\"/files/archive?with={ready[0].Id}\">");
        html.Append(CultureInfo.InvariantCulture, $"Download all {ready.Count} as zip · {ByteSize.Format(ready.Sum(file => file.Length))}</a>");
    }

    /// <summary>The heading above the first card of each folder that was shared whole; empty above the others.</summary>
    public static string Folder(ImmutableArray<SharedFile> files, int index) =>
        files[index].Folder is { } folder && (index == 0 || files[index - 1].Folder != folder)
            ? $"<div class=\"folder\"><svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#folder\"></use></svg><bdi>{Encoder.Encode(folder)}</bdi></div>"
            : "";

    /// <summary>The card of a file whose bytes do not come any more.</summary>
    public static string Card(SharedFile file)
    {
        var html = new StringBuilder(512);
        var name = Encoder.Encode(file.Name);
        var (stem, ending) = FileFace.Split(file.Name);
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"card\" data-state=\"{file.State.ToString().ToLowerInvariant()}\">");
        AppendPicture(html, file);
        html.Append(CultureInfo.InvariantCulture, $"<svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#{FileFace.Icon(file.Name)}\"></use></svg>");
        html.Append("<span class=\"file-name\" dir=\"auto\" title=\"").Append(name).Append("\"><span class=\"file-stem\">").Append(Encoder.Encode(stem));
        html.Append("</span><span class=\"file-ending\">").Append(Encoder.Encode(ending)).Append("</span></span>");
        html.Append(CultureInfo.InvariantCulture, $"<span class=\"file-meta\"><span title=\"{file.Length:N0} bytes\">{ByteSize.Format(file.Length)}</span> · ");
        html.Append("<span class=\"state\">").Append(Encoder.Encode(StateOf(file))).Append("</span></span>");
        if (file.State == FileState.Ready)
        {
            html.Append("<span class=\"card-actions\"><a class=\"icon-button download\" download href=\"").Append(Address(file));
            // The link covers the card, so its title is the card's.
            html.Append("\" aria-label=\"Download ").Append(name).Append("\" title=\"").Append(name);
            html.Append(CultureInfo.InvariantCulture, $" · {file.Length:N0} bytes\">");
            html.Append("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#download\"></use></svg></a></span>");
        }

        return html.Append("</div>").ToString();
    }

    /// <summary>In its box before it is loaded, so that nothing jumps when it comes.</summary>
    private static void AppendPicture(StringBuilder html, SharedFile file)
    {
        if (file is not { State: FileState.Ready, Width: { } width, Height: { } height })
            return;
        var scale = Math.Min(1, Math.Min((double)MaxPictureWidth / width, (double)MaxPictureHeight / height));
        var (shownWidth, shownHeight) = (Math.Max(1, (int)(width * scale)), Math.Max(1, (int)(height * scale)));
        html.Append("<a class=\"picture\" target=\"_blank\" rel=\"noopener\" href=\"").Append(Address(file)).Append("?inline\" aria-label=\"Look at ");
        html.Append(Encoder.Encode(file.Name)).Append(CultureInfo.InvariantCulture, $"\"><img src=\"/thumbnails/{file.Id}\" width=\"{shownWidth}\" ");
        html.Append(CultureInfo.InvariantCulture, $"height=\"{shownHeight}\" alt=\"\" loading=\"lazy\" decoding=\"async\"></a>");
    }

    /// <summary>Where the file is, with a name that people can read in the address.</summary>
    public static string Address(SharedFile file) => $"/files/{file.Id}/{Uri.EscapeDataString(file.Name)}";

    private static string StateOf(SharedFile file) => file.State switch
    {
        FileState.Ready => "verified",
        FileState.Failed => file.Failure ?? "It broke off.",
        FileState.Cancelled => "cancelled",
        _ => "deleted",
    };

    /// <summary>One to three emoji and nothing else are shown large.</summary>
    private static bool IsEmojiOnly(string text)
    {
        if (text.Length > 40)
            return false;
        var count = 0;
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
        {
            if (string.IsNullOrWhiteSpace(elements.GetTextElement()))
                continue;
            if (++count > 3 || !Rune.TryGetRuneAt(elements.GetTextElement(), 0, out var rune) || !IsEmoji(rune))
                return false;
        }

        return count > 0;
    }

    private static bool IsEmoji(Rune rune) =>
        rune.Value is (>= 0x1F1E6 and <= 0x1FAFF) or (>= 0x231A and <= 0x23FF) or (>= 0x25AA and <= 0x27BF) or (>= 0x2B05 and <= 0x2B55);
}
