using System.Text;

namespace ChatShare.Core.People;

/// <summary>
/// Finds the passwords that are tried first: long enough, but put together of what lists of passwords are made of. No rules about kinds of
/// characters: what counts is how much is left after everything that a guesser would try in one step.
/// </summary>
internal static class GuessablePassword
{
    // What is left has to be this much, when a word, a walk over the keys or a repetition counts as two characters.
    private const int Least = 8;
    private const int OfOneStep = 2;
    private const int ShortestRun = 3;

    private static readonly string[] Walks =
    [
        "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiopü", "yxcvbnm", "azertyuiop", "qsdfghjklm",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "zaq1xsw2cde3vfr4bgt5nhy6mju7ki8lo9p0", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "1a2b3c4d5e6f7g8h9i0j",
        "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    ];

    private static readonly string[] Words =
    [
        // What it is, and what one is asked for.
        "chatshare", "password", "passwort", "passwd", "pass", "secret", "geheim", "login", "access", "admin", "administrator", "root", "user", "guest", "test", "demo",
        "default", "temp", "changeme", "change", "letmein", "welcome", "willkommen", "hello", "hallo", "system", "server", "computer", "internet", "network", "intranet",
        "office", "company", "firma", "master", "private", "qwerty", "qwertz", "azerty", "trustno", "contraseña", "motdepasse", "пароль", "привет", "chat", "share",
        // What people love, play and watch.
        "iloveyou", "loveyou", "love", "sunshine", "princess", "forever", "angel", "baby", "honey", "sweet", "lovely", "beautiful", "butterfly", "flower", "chocolate",
        "football", "baseball", "basketball", "soccer", "hockey", "liverpool", "manchester", "united", "chelsea", "arsenal", "barcelona", "realmadrid", "juventus",
        "superman", "batman", "spiderman", "starwars", "pokemon", "minecraft", "metallica", "mercedes", "ferrari", "porsche", "harley", "yamaha", "corvette", "mustang",
        "dragon", "monkey", "tiger", "shadow", "killer", "ninja", "hunter", "ranger", "phoenix", "unicorn", "matrix", "jesus", "blessed", "freedom", "whatever", "unbelievable",
        "michael", "jennifer", "jordan", "jessica", "charlie", "daniel", "thomas", "andrew", "joshua", "anthony", "matthew", "christopher", "alexander", "christian", "elizabeth",
        "michelle", "nicole", "ashley", "samantha", "summer", "winter", "spring", "autumn", "monday", "friday", "january", "december", "london", "berlin", "america", "motherfucker",
        "fuck", "asshole", "bitch", "google", "facebook", "samsung", "microsoft", "windows", "android", "iphone",
    ];

    /// <summary>Whether it is one of those.</summary>
    /// <param name="password">Long enough already.</param>
    /// <param name="userName">Whose it is going to be: a part of it that everybody knows.</param>
    public static bool Is(string password, string userName)
    {
        var text = Plain(password);
        string[] words = [.. Words, Plain(userName)];
        var left = 0;
        for (var at = 0; at < text.Length;)
        {
            var step = Step(text, at, words);
            left += Math.Min(step, OfOneStep);
            at += step;
        }

        return left < Least;
    }

    /// <summary>How many characters from here a guesser takes in one step; one when they have to be guessed one by one.</summary>
    private static int Step(string text, int at, string[] words)
    {
        var rest = text.AsSpan(at);
        var longest = Math.Max(Repeated(text, at), WalkLength(rest));
        foreach (var word in words)
        {
            if (word.Length > longest && word.Length >= ShortestRun && rest.StartsWith(word, StringComparison.Ordinal))
                longest = word.Length;
        }

        return longest >= ShortestRun ? longest : 1;
    }

    /// <summary>How far what stands before this place goes on: "aaaa", "abcabc", a word twice.</summary>
    private static int Repeated(string text, int at)
    {
        var longest = 0;
        for (var period = 1; period <= at; period++)
        {
            var length = 0;
            while (at + length < text.Length && text[at + length] == text[at + length - period])
                length++;
            longest = Math.Max(longest, length);
        }

        return longest;
    }

    private static int WalkLength(ReadOnlySpan<char> rest)
    {
        var longest = 0;
        foreach (var walk in Walks)
        {
            longest = Math.Max(longest, Common(rest, walk, step: 1));
            longest = Math.Max(longest, Common(rest, walk, step: -1));
        }

        return longest;
    }

    private static int Common(ReadOnlySpan<char> rest, string walk, int step)
    {
        var longest = 0;
        for (var from = 0; from < walk.Length; from++)
        {
            var length = 0;
            while (length < rest.Length && from + (step * length) is var place && place >= 0 && place < walk.Length && walk[place] == rest[length])
                length++;
            longest = Math.Max(longest, length);
        }

        return longest;
    }

    /// <summary>In one case, without the digits and signs that stand for letters: nobody who guesses leaves them out.</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        // By way of UTF-8, because half a character cannot be normalised.
        foreach (var c in Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Normalize(NormalizationForm.FormKC))
        {
            plain.Append(c switch
            {
                '@' => 'a',
                '$' => 's',
                _ => char.ToLowerInvariant(c),
            });
        }

        return plain.ToString();
    }
}
