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

    [Theory]
    [InlineData("<&-", "There is nothing to send")] // As a daemon starts it: the descriptor that it reads is one of the runtime's own.
    [InlineData("</tmp", "Standard input cannot be read")]
    public async Task Input_that_cannot_be_read_is_said_and_nothing_is_waited_for(string input, string sentence)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Of Linux's descriptors.");
        using var home = new CliHome(server.App.Address);
        await using var run = home.StartScript($"chatshare send --nick Daemon {input}");

        var ended = await run.EndAsync();

        Assert.Equal(2, ended.Code);
        Assert.Contains(sentence, ended.Notes, StringComparison.Ordinal);
        Assert.Single(ended.Notes.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Names_that_are_empty_are_said_to_be_and_notes_that_are_damaged_are_put_aside()
    {
        using var home = new CliHome(server.App.Address);
        home.Write("kept.txt", "kept"u8.ToArray());
        Assert.Equal(0, (await home.RunAsync("upload", "kept.txt", "--nick", "Noter")).Code);
        Assert.Equal((2, 5), ((await home.RunAsync("get", "kept.txt", "--to", "")).Code, (await home.RunAsync("upload", "")).Code));

        // As a power cut leaves it.
        var notes = home.File("state/chatshare/uploads.json");
        await File.WriteAllTextAsync(notes, "", Cancel);
        var again = await home.RunAsync("upload", "kept.txt");
        Assert.Equal(0, again.Code);
        Assert.Contains("put aside", again.Notes, StringComparison.Ordinal);
        Assert.True(File.Exists(notes + ".damaged"));
        Assert.DoesNotContain("put aside", (await home.RunAsync("upload", "kept.txt")).Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_what_goes_wrong_is_an_object_and_so_is_a_file_that_was_fetched()
    {
        using var home = new CliHome(server.App.Address);
        home.Write("data.bin", Make.Bytes(5000, seed: 38));
        await using var run = home.Start("join", "--nick", "Parser", "--room", await server.RoomAsync("Objects"), "--json");
        foreach (var line in new[] { "/nothing", "/say", "/join Nowhere", "get 7", "file:missing.bin", new string('x', 16_001) })
            await run.SayAsync(line);
        await run.SeesAsync("16,001 characters");
        await run.SayAsync("file:data.bin");
        await run.SeesAsync("\"state\":\"ready\",\"get\":1}");
        await run.SayAsync("get 1");
        await run.SeesAsync("\"wasHere\":false");
        await run.SayAsync("quit");

        var result = await run.EndAsync();
        var errors = result.Notes.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)
            .ToLookup(error => error.TryGetProperty("status", out var status) ? status.GetInt32() : 0);
        Assert.Equal([2, 2, 1, 5], errors[0].Select(error => error.GetProperty("exitCode").GetInt32()));
        Assert.StartsWith("Say what?", errors[0].ElementAt(1).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("no such room", Assert.Single(errors[404]).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("Not sent: ", Assert.Single(errors[400]).GetProperty("error").GetString(), StringComparison.Ordinal);
        var got = JsonDocument.Parse(Assert.Single(result.Lines, line => line.Contains("wasHere", StringComparison.Ordinal))).RootElement;
        Assert.Equal(("data.bin", home.File("downloads/data.bin")), (got.GetProperty("name").GetString(), got.GetProperty("path").GetString()));
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
