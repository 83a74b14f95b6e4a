using System.Diagnostics.CodeAnalysis;

namespace ChatShare.Cli.Http;

/// <summary>Where a server is, as people write it.</summary>
internal static class ServerAddress
{
    /// <summary>
    /// Reads <c>http://host:5080</c>, <c>https://host/chat</c> or <c>host:5080</c>, which means http; also the address of a room as it stands in a browser.
    /// </summary>
    /// <param name="text">What was written.</param>
    /// <param name="address">Ends with a slash, so that paths can be put behind it.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Uri? address)
    {
        address = null;
        text = text?.Trim();
        if (string.IsNullOrEmpty(text))
            return false;
        if (!text.Contains("://", StringComparison.Ordinal))
            text = "http://" + text;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var read) || read.Scheme is not ("http" or "https") || read.Host.Length == 0 || read.UserInfo.Length > 0)
            return false;
        var path = read.GetLeftPart(UriPartial.Path);
        var room = path.LastIndexOf("/rooms/", StringComparison.OrdinalIgnoreCase);
        address = new Uri((room < 0 ? path : path[..room]).TrimEnd('/') + "/");
        return true;
    }

    /// <summary>Without the slash, as it is shown and saved.</summary>
    public static string Text(Uri address) => address.AbsoluteUri.TrimEnd('/');
}
