using System.Globalization;

namespace ChatShare.Cli.Chat;

/// <summary>What somebody means by a line that they typed.</summary>
internal abstract record ChatInput
{
    private ChatInput()
    {
    }

    /// <summary>A message.</summary>
    public sealed record Say(string Text) : ChatInput;

    /// <summary>Share a file.</summary>
    public sealed record Share(string Path) : ChatInput;

    /// <summary>Fetch a file by its number.</summary>
    public sealed record Get(int Number) : ChatInput;

    /// <summary>Go to another room.</summary>
    public sealed record Join(string Room) : ChatInput;

    /// <summary>List the rooms.</summary>
    public sealed record Rooms : ChatInput;

    /// <summary>List the people.</summary>
    public sealed record Who : ChatInput;

    /// <summary>List the commands.</summary>
    public sealed record Help : ChatInput;

    /// <summary>Leave.</summary>
    public sealed record Quit : ChatInput;

    /// <summary>A command that there is not, or that lacks something.</summary>
    public sealed record Unknown(string Sentence) : ChatInput;

    /// <summary>Null for a line that means nothing.</summary>
    /// <param name="line">As it was typed.</param>
    /// <param name="home">For <c>~</c>.</param>
    public static ChatInput? Parse(string line, string home)
    {
        var text = line.Trim();
        if (text.Length == 0)
            return null;
        if (text.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            return ReadPath(text[5..].Trim().Trim('"', '\''), home);
        var (word, rest) = text.Split(' ', 2, StringSplitOptions.TrimEntries) is [var first, var second] ? (first, second) : (text, "");
        if (word is "get" or "/get")
        {
            if (int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return new Get(number);
            // “get well soon” is a message.
            return word == "get" ? new Say(line) : new Unknown("Which file? /get 3");
        }

        return (word, rest) switch
        {
            ("quit" or "/quit" or "/leave", "") => new Quit(),
            ("/rooms", "") => new Rooms(),
            ("/who", "") => new Who(),
            ("/help", "") => new Help(),
            ("/quit" or "/leave" or "/rooms" or "/who" or "/help", _) => new Unknown($"{word} stands alone. /say sends what begins with a slash."),
            ("/join", "") => new Unknown("Which room? /join Lobby"),
            ("/join", _) => new Join(rest),
            ("/say", "") => new Unknown("Say what? /say /text"),
            ("/say", _) => new Say(rest),
            (['/', ..], _) when IsWord(word[1..]) => new Unknown($"There is no command {word}. /help lists them; /say sends what begins with a slash."),
            _ => new Say(line),
        };
    }

    private static ChatInput ReadPath(string path, string home)
    {
        if (path.Length == 0)
            return new Unknown("Which file? file:/path/to/file");
        if (path.StartsWith("//", StringComparison.Ordinal) && Uri.TryCreate("file:" + path, UriKind.Absolute, out var address))
            return new Share(address.LocalPath);
        return new Share(path is "~" || path.StartsWith("~/", StringComparison.Ordinal) ? home + path[1..] : path);
    }

    // A path such as /etc/hosts is something that people write.
    private static bool IsWord(string text) => text.Length > 0 && text.All(char.IsAsciiLetter);
}
