using System.Globalization;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests;

/// <summary>What stands behind the program's name: a slip of the pen starts no server.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_and_version_are_printed_and_what_is_no_command_is_refused_by_one_line()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ChatShare.Web.dll");
        var help = await Command.RequireAsync("dotnet", program, "--help");
        foreach (var command in new[] { ScrubCommand.Name, MoveCommand.Name, BackupCommand.Backup, BackupCommand.Restore })
            Assert.Contains($"ChatShare.Web {command}", help, StringComparison.Ordinal);
        Assert.Equal("ChatShare 0.1.0", (await Command.RequireAsync("dotnet", program, "--version")).Trim());

        var (code, said) = await Command.RunAsync("dotnet", program, "bakcup", "/srv/backup");
        Assert.Equal((1, "There is no command bakcup. \"ChatShare.Web --help\" says which there are."), (code, said.Trim()));
    }

    [Theory]
    [InlineData(true, "--help")]
    [InlineData(true, "-h")]
    [InlineData(true, "help")]
    [InlineData(true, "backup", "--help")]
    [InlineData(false, "backup", "help")]
    [InlineData(false, "--ChatShare:DataDirectory=help")]
    [InlineData(false)]
    public void Help_is_asked_for_in_any_of_its_ways(bool asked, params string[] args) => Assert.Equal(asked, CommandLine.IsHelp(args));

    [Theory]
    [InlineData("word", "word")]
    [InlineData("word", "--a=1", "word", "--b=2")]
    [InlineData("ChatShare:DataDirectory=x", "ChatShare:DataDirectory=x")]
    [InlineData("-v", "-v", "--a=1")]
    [InlineData("--a", "--a", "--b=2")]
    [InlineData("--a", "--b=2", "--a")]
    public void Word_that_is_no_setting_is_refused_before_it_takes_another_with_it(string fault, params string[] settings)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => CommandLine.Check(settings));
        Assert.StartsWith($"\"{fault}\" ", Assert.Single(refusal.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--a=1", "/b=2", "--c=")]
    [InlineData("--contentRoot", "/srv/chat", "--a=1")]
    public void Settings_may_be_written_in_each_way_that_the_framework_reads(params string[] settings) => CommandLine.Check(settings);

    [Fact]
    public async Task Commands_refuse_a_word_too_many()
    {
        await using var said = new StringWriter(CultureInfo.InvariantCulture);
        Assert.Equal(1, await BackupCommand.BackupAsync(["a", "b"], said, said, TestContext.Current.CancellationToken));
        Assert.Equal(1, await ScrubCommand.RunAsync(["extra"], said, said, TestContext.Current.CancellationToken));
        Assert.Equal(1, await BackupCommand.BackupAsync(["-x"], said, said, TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists("-x"));

        Assert.Equal(
            [
                "\"b\" is no setting: write --Key:Name=value.", "\"extra\" is no setting: write --Key:Name=value.",
                "There is no option -x. \"ChatShare.Web --help\" says which there are.",
            ],
            said.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }
}
