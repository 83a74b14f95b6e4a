using System.Text.Json;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cli;

/// <summary>What is read from standard input: all of it or nothing, and no longer than the program is to live.</summary>
public sealed class InputTests(CliServer server) : IClassFixture<CliServer>
{
    // More than a pipe holds: whoever has written it knows that the other end reads.
    private const int MoreThanAPipe = 200_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_text_that_goes_on_after_what_a_message_may_have_is_refused_and_nothing_of_it_is_sent()
    {
        using var home = new CliHome(server.App.Address);
        var room = await server.RoomAsync("Long texts");
        string[] command = ["send", "--room", room, "--nick", "Cutter"];
        string[] texts = [Of('x', 16_000) + "\n\nTHE REST", Of('y', 15_990) + Of('\n', 12) + "THE REST", Of('\n', 16_100) + "THE REST"];

        foreach (var text in texts)
        {
            var refused = await home.RunOnAsync(text, command);
            Assert.Equal(1, refused.Code);
            Assert.Contains("A message has at most 16,000 characters", refused.Notes, StringComparison.Ordinal);
        }

        var nothing = await home.RunOnAsync(Of('\n', 16_100), command);
        Assert.Equal(2, nothing.Code);
        Assert.Contains("There is nothing to send", nothing.Notes, StringComparison.Ordinal);
        Assert.Equal(0, (await home.RunOnAsync(Of('z', 16_000) + Of('\n', MoreThanAPipe), command)).Code);
        var sent = await home.RunAsync("tail", "--room", room, "--after", "0", "--count", "1", "--json");
        Assert.Equal(Of('z', 16_000), JsonDocument.Parse(sent.Output).RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Who_is_told_to_end_does_not_wait_for_what_is_still_to_be_read()
    {
        using var home = new CliHome(server.App.Address);
        await using var send = home.Start("send", "--nick", "Waiter");
        await using var signIn = home.Start("signin", "--user", CliServer.Administrator);
        foreach (var (run, unended) in new[] { (send, '\n'), (signIn, 'x') })
        {
            await run.Input.WriteAsync(Of(unended, MoreThanAPipe).AsMemory(), Cancel);
            await run.Input.FlushAsync(Cancel);
        }

        await send.TerminateAsync();
        await signIn.InterruptAsync();

        Assert.Equal((130, 130), ((await send.EndAsync()).Code, (await signIn.EndAsync()).Code));
    }

    [Fact]
    public async Task Ctrl_C_at_the_question_for_a_password_ends_and_the_terminal_shows_again_what_is_typed()
    {
        using var home = new CliHome(server.App.Address);
        await using var terminal = await Terminal.StartAsync(home, "signin", "--user", CliServer.Administrator);
        await terminal.ShowsAsync("Password:");

        await terminal.PressAsync("C-c");

        await terminal.ShowsAsync("ended with 130");
        await terminal.TypeAsync("to be seen");
        await terminal.ShowsAsync("to be seen");
    }

    private static string Of(char character, int count) => new(character, count);
}
