using System.Collections.Frozen;

namespace ChatShare.Core.People;

/// <summary>
/// Finds the passwords that are tried first although they are long enough. What is only made of such words may well be long enough to
/// be good: everything else is its owner's to decide.
/// </summary>
internal static class GuessablePassword
{
    // The most used ones of leaked lists that have twelve characters, in any case; shorter ones are refused for that.
    private static readonly FrozenSet<string> MostUsed =
        """
        administrator password1234 password12345 password123456 passwordpassword temppassword leavemealone unbelievable motherfucker
        010203040506 012345678910 102030405060 111111111111 111222333444 111222333444555 112233445566 121212121212 122333444455555 123123123123
        123321123321 123321456654 123456123456 123456654321 123456789000 123456789012 123456789101 123456789123 1234567890123 123456789123456
        1234567891011 1234567890987654321 12345678900987654321 123456789987654321 12345678987654321 1234567887654321 147258369147 159753456852
        789456123789 987654321098 000000000000 999999999999
        abcdefghijkl abcdefghijklm abc123abc123 abc123456789 abcd12345678 aaaaaaaaaaaa asdfasdfasdf asdfgh123456 asdfghjkl123 asdfghjklzxcvbnm
        qwerasdfzxcv qwertasdfgzxcvb qwertyasdfgh qwertyuiop10 qwertyuiop12 qwertyuiop123 qwertyuiop1234 qwertyuiop12345 qwertyuiopasdf
        qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm qwertyqwerty qwertyytrewq qwerty123456 qwerty1234567 qwerty12345678 qwerty123456789
        qwertzuiopasdf azertyuiop123 123qweasdzxc 123qwe123qwe 123123qweqwe 123321qweewq 123qwe456rty 123qwerty123 123456qwerty 1234567qwertyu
        12345qwertyuiop 123456789abc 123456789asd 123456789qaz 123456789qqq 123456789qwe 123456789qwer 123456789qwerty 123456789zxc
        1234567890abc 1234567890qaz 1234567890qw 1234567890qwe 1234567890qwerty 1234567890zzz 1234qwer1234 1234qwerasdf 1234qwerasdfzxcv
        12qw34er56ty 1a2s3d4f5g6h 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6 q1w2e3r4t5y6u7 q1w2e3r4t5y6u7i8
        q1w2e3r4t5y6u7i8o9p0 a1s2d3f4g5h6 a1b2c3d4e5f6 z1x2c3v4b5n6m7 1qa2ws3ed4rf 1qa2ws3ed4rf5tg 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qaz1qaz1qaz
        1qazxsw23edc 1qazxsw23edcvfr4 zaq12wsxcde3 zaq1xsw2cde3 zaqwsxcderfv qaz123wsx456 qazqazqazqaz qazwsxedc123 qazwsxedcrfv qazwsxedcrfvtgb
        qazxswedc123 qazxswedcvfr qawsedrftgyh qwaszxerdfcv qweasdzxc123 qweqweqweqwe zxcasdqwe123 zxcvbn123456 zxcvbnm12345 zxcvbnm123456
        zxcvbnm123456789 zxczxczxczxc йцукенгшщзхъ фывапролджэ1 gfhjkmgfhjkm ghbdtnghbdtn ghjcnjgfhjkm ghjcnjghjcnj
        iloveyou1234 iloveyou12345 iloveyouforever ilovemyfamily iloveyoubaby iloveyousomuch fuckyoubitch fucktheworld ingodwetrust jesuschrist1
        princess1234 sunshine1234 football1234 superman1234 michaeljackson
        justinbieber avrillavigne christopher1 chickenwing101 counterstrike needforspeed finalfantasy residentevil mortalkombat devilmaycry4
        minecraft123 playstation2 playstation3 warhammer40k thecakeisalie whosyourdaddy jamesbond007 sonyericsson systemofadown punksnotdead
        4815162342lost lost4815162342 morganstanley sanfrancisco sonnenschein greenlantern nightcrawler peanutbutter stratocaster ticketmaster
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether it is one of those, the user name, once or again and again, or one character all along.</summary>
    /// <param name="password">Long enough already.</param>
    /// <param name="userName">Whose it is going to be: what everybody knows.</param>
    public static bool Is(string password, string userName) =>
        MostUsed.Contains(password) || IsRepeated(password, userName) || password.EnumerateRunes().Distinct().Count() == 1;

    private static bool IsRepeated(string password, string part)
    {
        var rest = password.AsSpan();
        while (part.Length > 0 && rest.StartsWith(part, StringComparison.OrdinalIgnoreCase))
            rest = rest[part.Length..];
        return rest.IsEmpty;
    }
}
