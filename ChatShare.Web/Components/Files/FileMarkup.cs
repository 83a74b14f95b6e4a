using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using ChatShare.Core.Files;

namespace ChatShare.Web.Components.Files;

/// <summary>
/// The card of a file whose bytes do not come any more, as a part of its message's one frame (see <c>MessageMarkup</c>). Nothing in it
/// depends on who looks. Everything that came from a person is encoded here.
/// </summary>
internal static class FileMarkup
{
    private const int MaxPictureWidth = 360;
    private const int MaxPictureHeight = 280;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All);

    /// <summary>The card of a file whose bytes do not come any more.</summary>
    public static string Card(SharedFile file)
    {
        var html = new StringBuilder(512);
        var name = Encoder.Encode(file.Name);
        var (stem, ending) = FileFace.Split(file.Name);
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"card\" data-state=\"{file.State.ToString().ToLowerInvariant()}\"");
        if (file.State == FileState.Ready)
            AppendFacts(html, file);
        html.Append('>');
        AppendPicture(html, file);
        html.Append(CultureInfo.InvariantCulture, $"<svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#{FileFace.Icon(file.Name)}\"></use></svg>");
        html.Append("<span class=\"file-name\" dir=\"auto\" title=\"").Append(name).Append("\"><span class=\"file-stem\">").Append(Encoder.Encode(stem));
        html.Append("</span><span class=\"file-ending\">").Append(Encoder.Encode(ending)).Append("</span></span>");
        html.Append(CultureInfo.InvariantCulture, $"<span class=\"file-meta\"><span title=\"{file.Length:N0} bytes\">{ByteSize.Format(file.Length)}</span> · ");
        AppendState(html, file);
        AppendExpiry(html, file);
        html.Append("</span>");
        if (file.State == FileState.Ready)
        {
            html.Append("<span class=\"card-actions\">");
            AppendLook(html, file);
            AppendKeep(html, file, name);
            html.Append("<a class=\"icon-button download\" download href=\"").Append(Address(file));
            // The link covers the card, so its title is the card's.
            html.Append("\" aria-label=\"Download ").Append(name).Append("\" title=\"").Append(name);
            html.Append(CultureInfo.InvariantCulture, $" · {file.Length:N0} bytes\">");
            html.Append("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#download\"></use></svg></a></span>");
        }

        return html.Append("</div>").ToString();
    }

    /// <summary>What the scripts of the page know of a finished file, wherever it stands.</summary>
    public static IReadOnlyDictionary<string, object> Facts(SharedFile file, string? sender = null)
    {
        var facts = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["data-file"] = file.Id.ToString(),
            ["data-name"] = file.Name,
            ["data-size"] = file.Length.ToString(CultureInfo.InvariantCulture),
            ["data-type"] = file.MediaType ?? "",
            ["data-sha256"] = file.Sha256 ?? "",
        };
        if (FileFace.View(file) is { } view)
            facts["data-view"] = view;
        if (file is { Width: { } width, Height: { } height })
        {
            facts["data-width"] = width.ToString(CultureInfo.InvariantCulture);
            facts["data-height"] = height.ToString(CultureInfo.InvariantCulture);
        }

        if (file.Kept)
            facts["data-kept"] = "";
        // Where no message stands around it that says who.
        if (sender is not null)
            facts["data-sender"] = sender;
        return facts;
    }

    private static void AppendFacts(StringBuilder html, SharedFile file)
    {
        foreach (var (name, value) in Facts(file))
            html.Append(' ').Append(name).Append("=\"").Append(Encoder.Encode((string)value)).Append('"');
    }

    /// <summary>What became of it. A finished file can be compared: with a hash from elsewhere, or with a copy that somebody has.</summary>
    private static void AppendState(StringBuilder html, SharedFile file)
    {
        if (file.State != FileState.Ready)
        {
            html.Append("<span class=\"state\">").Append(Encoder.Encode(StateOf(file))).Append("</span>");
            return;
        }

        html.Append("<span class=\"state\"><span class=\"if-wide\">SHA-256 </span>verified</span><span class=\"trust\">");
        AppendButton(html, "copy", "copy", $"Copy SHA-256 of {file.Name}", "Copy SHA-256");
        AppendButton(html, "check", "verify", $"Check your copy of {file.Name}", "Check your copy");
        html.Append("</span>");
    }

    /// <summary>A picture is its own way to look at it.</summary>
    private static void AppendLook(StringBuilder html, SharedFile file)
    {
        if (file.Width is null && FileFace.View(file) is not null)
            AppendButton(html, "look", "look", $"Look at {file.Name}", "Look at it");
    }

    private static void AppendButton(StringBuilder html, string action, string icon, string label, string title)
    {
        html.Append(CultureInfo.InvariantCulture, $"<button type=\"button\" class=\"icon-button {action}\" data-file-action=\"{action}\" aria-label=\"");
        html.Append(Encoder.Encode(label)).Append(CultureInfo.InvariantCulture, $"\" title=\"{title}\">");
        html.Append(CultureInfo.InvariantCulture, $"<svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#{icon}\"></use></svg></button>");
    }

    /// <summary>Whether a rule may remove it, and from when on that counts; the browser knows the room's rule and shows it (expiry.js).</summary>
    private static void AppendExpiry(StringBuilder html, SharedFile file)
    {
        if (file is not { State: FileState.Ready, ReadyAt: { } readyAt })
            return;
        if (file.Kept)
            html.Append("<span class=\"kept\" hidden>kept</span>");
        else
            html.Append(CultureInfo.InvariantCulture, $"<time class=\"expires\" datetime=\"{readyAt.UtcDateTime:yyyy-MM-ddTHH:mm:ss}Z\" hidden></time>");
    }

    /// <summary>Shown by the browser to those who may, while there is something to keep it from.</summary>
    private static void AppendKeep(StringBuilder html, SharedFile file, string name)
    {
        html.Append(CultureInfo.InvariantCulture, $"<button type=\"button\" class=\"icon-button keep\" data-action=\"{(file.Kept ? "let-go" : "keep")}\" ");
        html.Append(CultureInfo.InvariantCulture, $"aria-pressed=\"{(file.Kept ? "true" : "false")}\" aria-label=\"Keep {name}\" ");
        html.Append(file.Kept ? "title=\"Kept. Press to let the room's rule remove it\"" : "title=\"Keep it, whatever the room's rule says\"");
        html.Append(" hidden><svg class=\"icon\" aria-hidden=\"true\"><use href=\"/icons.svg#keep\"></use></svg></button>");
    }

    /// <summary>In its box before it is loaded, so that nothing jumps when it comes.</summary>
    private static void AppendPicture(StringBuilder html, SharedFile file)
    {
        if (file.State != FileState.Ready || PictureBox(file) is not var (width, height))
            return;
        html.Append("<a class=\"picture\" data-file-action=\"look\" target=\"_blank\" rel=\"noopener\" href=\"").Append(Address(file)).Append("?inline\" aria-label=\"Look at ");
        html.Append(Encoder.Encode(file.Name)).Append(CultureInfo.InvariantCulture, $"\"><img src=\"/thumbnails/{file.Id}\" width=\"{width}\" ");
        html.Append(CultureInfo.InvariantCulture, $"height=\"{height}\" alt=\"\" loading=\"lazy\" decoding=\"async\" draggable=\"false\"></a>");
    }

    /// <summary>What a picture takes of its card, in pixels; null for what is no picture.</summary>
    public static (int Width, int Height)? PictureBox(SharedFile file)
    {
        if (file is not { Width: { } width, Height: { } height })
            return null;
        var scale = Math.Min(1, Math.Min((double)MaxPictureWidth / width, (double)MaxPictureHeight / height));
        return (Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)));
    }

    /// <summary>Where the file is, with a name that people can read in the address.</summary>
    public static string Address(SharedFile file) => $"/files/{file.Id}/{Uri.EscapeDataString(file.Name)}";

    private static string StateOf(SharedFile file) => file.State switch
    {
        FileState.Failed => file.Failure ?? "It broke off.",
        FileState.Cancelled => "cancelled",
        _ => file.Failure ?? "deleted",
    };
}
