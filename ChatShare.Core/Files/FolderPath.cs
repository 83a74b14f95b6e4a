namespace ChatShare.Core.Files;

/// <summary>Folders that a file was shared with, as people see them. Never a path on the server.</summary>
public static class FolderPath
{
    private const int MaxDepth = 32;
    private const int MaxLength = 1024;

    /// <summary>
    /// Each name cleaned like a file's, without those that mean nothing (<c>.</c>, <c>..</c>, empty); null when none is left.
    /// Never throws. What is deeper or longer than anybody can look at is cut off at its end.
    /// </summary>
    /// <param name="raw">Names with slashes of either kind between them; null counts as empty.</param>
    public static string? Clean(string? raw)
    {
        var names = (raw ?? "").Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(name => name.Trim('.').Length > 0).Take(MaxDepth).Select(name => FileName.Clean(name).Value);
        var path = "";
        foreach (var name in names)
        {
            if (path.Length + name.Length >= MaxLength)
                break;
            path = path.Length == 0 ? name : $"{path}/{name}";
        }

        return path.Length == 0 ? null : path;
    }
}
