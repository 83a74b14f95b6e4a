using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.People;

/// <summary>Long passwords that are tried first all the same, and others that only look like them.</summary>
public sealed class GuessablePasswordTests
{
    private const string Lists = "/usr/share/wfuzz/wordlist/others";

    [Theory]
    [InlineData("aaaaaaaaaaaa")]
    [InlineData("            ")]
    [InlineData("日日日日日日日日日日日日")]
    [InlineData("😀😀😀😀😀😀")]
    [InlineData("\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800")]
    [InlineData("123123123123")]
    [InlineData("123456789012")]
    [InlineData("1q2w3e4r5t6y")]
    [InlineData("1QAZ2wsx3edc")]
    [InlineData("password1234")]
    [InlineData("Password1234")]
    [InlineData("PasswordPassword")]
    [InlineData("Administrator")]
    [InlineData("ЙЦУКЕНгшщзхъ")]
    [InlineData("gertrudegertrude")]
    [InlineData("GERTRUDEgertrudeGertrude")]
    public void What_is_tried_first_is_refused(string password) => Assert.True(GuessablePassword.Is(password, "Gertrude"));

    [Theory]
    [InlineData("Password1234!")]
    [InlineData("testpassword123")]
    [InlineData("P@$$word12345")]
    [InlineData("Administrator1!")]
    [InlineData("ChatShare2026!")]
    [InlineData("Gertrude12345")]
    [InlineData("gertrudegertrud")]
    [InlineData("manchester123")]
    [InlineData("aaaaaaaaaaab")]
    [InlineData("correct horse battery")]
    [InlineData("  spaces too  ")]
    [InlineData("xK7#mQ2$vN9!")]
    [InlineData("пурпурная лодка")]
    [InlineData("紫の船は川を上り山を越えた")]
    public void What_only_contains_it_is_taken(string password) => Assert.False(GuessablePassword.Is(password, "Gertrude"));

    [Theory]
    [InlineData("ab", "abABabABabAB", true)]
    [InlineData("ab", "abABabABabA", false)]
    [InlineData("Longer than twelve", "longer than Twelve", true)]
    [InlineData("Łukasz", "łukaszŁUKASZ", true)]
    [InlineData("Longer than the password", "Longer than the", false)]
    public void User_name_is_known_to_everybody(string userName, string password, bool isGuessable) =>
        Assert.Equal(isGuessable, GuessablePassword.Is(password, userName));

    [Fact]
    public void All_of_a_list_of_common_passwords_that_are_long_enough_are_refused()
    {
        Assert.SkipUnless(Directory.Exists(Lists), "The word lists of wfuzz are not installed; ./test installs them on Debian as root.");
        string[] tried =
        [
            .. File.ReadLines(Path.Combine(Lists, "common_pass.txt")).Select(line => line.Trim()).Where(word => word.Length >= AccountService.PasswordMinLength),
        ];

        Assert.NotEmpty(tried);
        Assert.DoesNotContain(tried, password => !GuessablePassword.Is(password, "Root"));
    }

    [Theory]
    [InlineData("password1234")]
    [InlineData("rootrootroot")]
    [InlineData("aaaaaaaaaaaa")]
    public async Task Settings_decide_for_themselves_and_people_are_asked_for_another_one(string password)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var core = await BareCore.StartAsync();
        var token = await core.Get<SetupLink>().IssueAsync(cancel);
        var refusal = await Assert.ThrowsAsync<RefusedException>(() => core.Get<SetupLink>().UseAsync(token, BareCore.Name("Root"), password, replaces: null, cancel));
        Assert.Equal(RefusalKind.Invalid, refusal.Kind);
        await core.Accounts.CreateAdministratorAsync(BareCore.Name("Root"), password, cancel);

        Assert.NotNull(await core.Accounts.CheckPasswordAsync("Root", password, "here", cancel));
    }
}
