using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
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

    /// <summary>
    /// The article of a message. While any of its files is still coming in, its card stands outside, with all of them,
    /// so that none changes its place when it becomes a file.
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
        if (message.Door.Mark() is { } mark)
            html.Append("<span class=\"door\">").Append(mark).Append("</span> ");
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
        html.Append("<div class=\"cards\">").Append(message.Files is [var only] ? FileMarkup.Card(only) : GroupMarkup.Make(message)).Append("</div>");
    }

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
