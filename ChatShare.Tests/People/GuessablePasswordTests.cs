using ChatShare.Core.People;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.People;

/// <summary>Long passwords that are tried first all the same, and others that only look like them.</summary>
public sealed class GuessablePasswordTests
{
    private const string Lists = "/usr/share/wfuzz/wordlist/others";

    [Theory]
    [InlineData("aaaaaaaaaaaa")]
    [InlineData("123123123123")]
    [InlineData("1234567890123")]
    [InlineData("098765432109")]
    [InlineData("abcdefghijkl")]
    [InlineData("abc123abc123")]
    [InlineData("qwertyuiop123")]
    [InlineData("1q2w3e4r5t6y")]
    [InlineData("1qaz2wsx3edc")]
    [InlineData("zaq12wsxcde3")]
    [InlineData("password1234")]
    [InlineData("P@$$word12345")]
    [InlineData("PasswordPassword")]
    [InlineData("Welcome12345!")]
    [InlineData("changeme1234")]
    [InlineData("administrator")]
    [InlineData("Administrator1!")]
    [InlineData("iloveyou12345")]
    [InlineData("chatsharechatshare")]
    [InlineData("ChatShare2026!")]
    [InlineData("manchester123")]
    [InlineData("christopher1")]
    [InlineData("unbelievable")]
    [InlineData("Gertrude12345")]
    [InlineData("gertrudegertrude")]
    [InlineData("пароль пароль")]
    [InlineData("йцукенгшщзхъ")]
    [InlineData("ｐａｓｓｗｏｒｄ１２３４")]
    public void What_is_tried_first_is_refused(string password) => Assert.True(GuessablePassword.Is(password, "Gertrude"));

    [Theory]
    [InlineData("correct horse battery")]
    [InlineData("a long enough password")]
    [InlineData("  spaces too  ")]
    [InlineData("xK7#mQ2$vN9!")]
    [InlineData("vwzqnrtgkphd")]
    [InlineData("83920174651")]
    [InlineData("пурпурная лодка")]
    [InlineData("紫の船は川を上り山を越えた")]
    [InlineData("the password of my aunt Berta")]
    public void What_has_to_be_guessed_is_taken(string password) => Assert.False(GuessablePassword.Is(password, "Gertrude"));

    [Fact]
    public void Short_user_name_makes_nothing_guessable() => Assert.False(GuessablePassword.Is("xabKabLabMab", "ab"));

    [Fact]
    public void All_of_a_list_of_common_passwords_that_are_long_enough_are_refused()
    {
        Assert.SkipUnless(Directory.Exists(Lists), "The word lists of wfuzz are not installed; ./test installs them on Debian as root.");
        string[] common = [.. File.ReadLines(Path.Combine(Lists, "common_pass.txt")).Select(line => line.Trim())];
        // Few of them are as long as a password has to be; those that are not are tried with what people add to get there.
        string[] tried =
        [
            .. common.Where(word => word.Length >= AccountService.PasswordMinLength),
            .. common.Where(word => word.Length is >= 3 and < 6).Select(word => string.Concat(Enumerable.Repeat(word, 4))),
        ];

        Assert.True(tried.Length > 10);
        Assert.DoesNotContain(tried, password => password.Length >= AccountService.PasswordMinLength && !GuessablePassword.Is(password, "Root"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("\ud800\ud800\ud800\ud800\ud800\ud800")]
    public void Whatever_is_typed_is_judged(string password) => Assert.True(GuessablePassword.Is(password, "Root"));

    [Fact]
    public void Longest_password_is_judged_at_once() =>
        Assert.False(GuessablePassword.Is(string.Concat(Make.Bytes(128, seed: 3).Select(value => (char)(' ' + (value % 90)))), "Root"));
}
