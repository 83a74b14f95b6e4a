using System.Globalization;
using ChatShare.Core.People;

namespace ChatShare.Web.Components.Chat;

/// <summary>The disc that stands for a person: initials, and a colour by a stable hash of the name.</summary>
internal static class PersonFace
{
    private const int Colors = 12;

    /// <summary>0–11, the same for the same name in every process and on every page.</summary>
    public static int Color(string nickname)
    {
        var key = Nickname.TryParse(nickname, out var name, out _) ? name.Key : nickname;
        // FNV-1a (RFC draft-eastlake-fnv); string.GetHashCode differs from process to process.
        var hash = 2166136261u;
        foreach (var c in key)
            hash = (hash ^ c) * 16777619u;
        return (int)(hash % Colors);
    }

    /// <summary>The first letters of the first two words, or the first two letters of the only one.</summary>
    public static string Initials(string nickname)
    {
        var words = nickname.Split([' ', '.', '-', '_'], StringSplitOptions.RemoveEmptyEntries);
        var letters = words switch
        {
            [] => nickname,
            [var only] => string.Concat(Elements(only).Take(2)),
            [var first, var second, ..] => string.Concat(Elements(first).Take(1).Concat(Elements(second).Take(1))),
        };
        return letters.ToUpperInvariant();
    }

    private static IEnumerable<string> Elements(string text)
    {
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
            yield return elements.GetTextElement();
    }
}
