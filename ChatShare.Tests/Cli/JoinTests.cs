using System.Text.Json;
using ChatShare.Tests.Api;
using ChatShare.Tests.EndToEnd;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cli;

/// <summary>Live chat: in a pipe, and in a real terminal.</summary>
public sealed class JoinTests(CliServer server) : IClassFixture<CliServer>
{
    private const int Size = 12_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_a_pipe_lines_go_in_and_lines_come_out_without_escapes()
    {
        using var home = new CliHome(server.App.Address);
        var content = Make.Bytes(50_000, seed: 31);
        home.Write("notes.bin", content);
        await using var run = home.Start("join", server.App.Address, "--nick", "Pipe", "--room", await server.RoomAsync("Pipes"));

        await run.SayAsync("Hello from a pipe");
        await run.SeesAsync("Pipe: Hello from a pipe");
        await run.SayAsync("file:notes.bin");
        await run.SeesAsync("notes.bin, 50.0 KB – get 1");
        await run.SayAsync("get 1");
        await run.SeesAsync("Saved: downloads/notes.bin");
        await run.SayAsync("/join Nowhere");
        await run.SeesAsync("There is no such room");
        await run.SayAsync("/who");
        await run.SayAsync("quit");

        var result = await run.EndAsync();
        Assert.Equal(0, result.Code);
        Assert.DoesNotContain(result.Output + result.Notes, c => c != '\n' && char.IsControl(c));
        Assert.Equal(content, await File.ReadAllBytesAsync(home.File("downloads/notes.bin"), Cancel));
        // Who leaves gives the name back.
        using var other = new CliHome(server.App.Address);
        Assert.Equal(0, (await other.RunAsync("signin", "--nick", "Pipe")).Code);
    }

    [Fact]
    public async Task What_was_said_long_ago_and_changed_last_is_no_news()
    {
        var room = await server.RoomAsync("Old news");
        using var ann = await ApiClient.SignInAsync(server.App, "Announcer");
        var tus = new TusClient(server.App, ann.Http);
        using var created = await tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "1"),
            ("Upload-Metadata", $"room {TusClient.Base64(room)},filename {TusClient.Base64("ancient.bin")}"));
        for (var number = 0; number < 31; number++)
            await ann.SayAsync($"line {number}", room);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, await tus.AppendAsync(created.Headers.Location!.OriginalString, 0, [1]));

        using var home = new CliHome(server.App.Address);
        await using var run = home.Start("join", server.App.Address, "--nick", "Late", "--room", room, "--auto-download");
        await run.SeesAsync("line 30");
        await ann.SayAsync("the news", room);
        await run.SeesAsync("the news");
        await run.SayAsync("quit");

        Assert.DoesNotContain("ancient.bin", (await run.EndAsync()).Output, StringComparison.Ordinal);
        Assert.False(File.Exists(home.File("downloads/ancient.bin")));
    }

    [Fact]
    public async Task In_a_pipe_answers_are_results()
    {
        var room = await server.RoomAsync("Answers");
        using var home = new CliHome(server.App.Address);

        var plain = await home.RunOnAsync("/who\n/rooms\n/help\n/nothing\n/who else\nquit\n", ["join", "--nick", "Asker", "--room", room]);
        Assert.Contains($"In {room}: Asker\n", plain.Output, StringComparison.Ordinal);
        Assert.Contains($"      {room}  1 here", plain.Output, StringComparison.Ordinal);
        Assert.Contains("file:/path/to/file", plain.Output, StringComparison.Ordinal);
        // What is no answer is no result.
        Assert.DoesNotContain("There is no command", plain.Output, StringComparison.Ordinal);
        Assert.Contains("There is no command /nothing", plain.Notes, StringComparison.Ordinal);
        Assert.Contains("/who stands alone.", plain.Notes, StringComparison.Ordinal);
        Assert.Equal($"In {room}: Asker", plain.Notes.Split('\n')[0]);

        var json = await home.RunOnAsync("/who\n/rooms\n/help\nquit\n", ["join", "--nick", "Asker", "--room", room, "--json"]);
        var values = json.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(3, values.Count);
        Assert.Equal((room, "Asker"), (values[0].GetProperty("room").GetString(), values[0].GetProperty("people")[0].GetProperty("nickname").GetString()));
        Assert.Contains(values[1].GetProperty("rooms").EnumerateArray(), line => line.GetProperty("name").GetString() == room && line.GetProperty("people").GetInt32() == 1);
        Assert.Contains(values[2].GetProperty("help").EnumerateArray(), line => line.GetString()!.Contains("/who", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_room_is_called_as_it_is_written_whatever_was_typed()
    {
        var (quiet, busy) = (await server.RoomAsync("Quiet Corner"), await server.RoomAsync("Busy Corner"));
        using var home = new CliHome(server.App.Address);
        Assert.Equal(0, (await home.RunAsync("send", "words", "--nick", "Speller", "--room", busy)).Code);

        var plain = await home.RunOnAsync("/join BUSY corner\nquit\n", ["join", "--nick", "Speller", "--room", "quiet corner"]);
        Assert.Contains($"In {quiet}: Speller\n", plain.Notes, StringComparison.Ordinal);
        Assert.Contains($"In {busy}: Speller\n", plain.Notes, StringComparison.Ordinal);
        var json = await home.RunOnAsync("/who\nquit\n", ["join", "--nick", "Speller", "--room", "quiet corner", "--json"]);
        Assert.Equal(quiet, JsonDocument.Parse(Assert.Single(json.Lines)).RootElement.GetProperty("room").GetString());

        await using var terminal = await Terminal.StartAsync(home, "join", "--nick", "Speller", "--room", "busy corner");
        await terminal.ShowsAsync($"{busy}>");
        await terminal.EnterAsync("quit");
        await terminal.ShowsAsync("ended with 0");
    }

    [Fact]
    public async Task What_a_pipe_ends_with_is_still_sent()
    {
        using var home = new CliHome(server.App.Address);
        home.Write("last.bin", Make.Bytes(400_000, seed: 32));

        var result = await home.RunOnAsync("first words\nfile:last.bin\nlast words\n", ["join", "--nick", "Echo"]);

        Assert.Equal(0, result.Code);
        using var other = new CliHome(server.App.Address);
        var log = await other.RunAsync("get", "last.bin", "--nick", "Reader");
        Assert.Equal(0, log.Code);
        await using var tail = other.Start("tail", "--after", "0", "--nick", "Reader");
        await tail.SeesAsync("Echo: first words");
        await tail.SeesAsync("Echo: last words");
    }

    [Fact]
    public async Task What_others_share_is_fetched_by_itself_when_asked_for()
    {
        using var home = new CliHome(server.App.Address);
        using var other = new CliHome(server.App.Address);
        var content = Make.Bytes(90_000, seed: 33);
        other.Write("gift.bin", content);
        await using var run = home.Start("join", "--nick", "Taker", "--auto-download");
        await run.SeesAsync("In Lobby:");

        await other.RunAsync("upload", "gift.bin", "--nick", "Giver");

        await run.SeesAsync("Saved: downloads/gift.bin");
        Assert.Equal(content, await File.ReadAllBytesAsync(home.File("downloads/gift.bin"), Cancel));
    }

    [Fact]
    public async Task Who_was_disconnected_is_told_and_the_program_ends()
    {
        using var home = new CliHome(server.App.Address);
        await using var run = home.Start("join", "--nick", "Trudy");
        await run.SeesAsync("In Lobby:");

        await server.App.EndSessionAsync("Trudy", "Enough for today.");

        var result = await run.EndAsync();
        Assert.Equal(4, result.Code);
        Assert.Contains("Enough for today.", result.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_without_abilities_there_are_no_escapes()
    {
        using var home = new CliHome(server.App.Address) { Variables = { ["TERM"] = "dumb" } };
        await using var terminal = await Terminal.StartAsync(home, "join", "--nick", "Dumb");
        await terminal.ShowsAsync("In Lobby:");

        await terminal.EnterAsync("plain words");
        await terminal.ShowsAsync("Dumb: plain words");
        await terminal.PressAsync("C-c");
        await terminal.ShowsAsync("Ctrl+C once more leaves");
        await terminal.PressAsync("C-c");

        await terminal.ShowsAsync("ended with 130");
    }

    [Fact]
    public async Task In_a_terminal_what_is_typed_stays_while_messages_arrive_and_can_be_edited()
    {
        using var home = new CliHome(server.App.Address);
        using var other = new CliHome(server.App.Address);
        await other.RunAsync("signin", "--nick", "Talker");
        await using var terminal = await Terminal.StartAsync(home, "join", server.App.Address, "--nick", "Typist");
        await terminal.ShowsAsync("Lobby>");

        await terminal.TypeAsync("half a 中文");
        await terminal.ShowsAsync("Lobby> half a 中文");
        for (var i = 1; i <= 3; i++)
            await other.RunAsync("send", $"interruption {i}");
        await terminal.ShowsAsync("Talker: interruption 3");
        Assert.Equal("Lobby> half a 中文", await terminal.LastRowAsync());

        await terminal.PressAsync("Left", "BSpace");
        await terminal.TypeAsync("X");
        await terminal.PressAsync("Home");
        await terminal.TypeAsync("one ");
        await terminal.PressAsync("Enter");
        await terminal.ShowsAsync("Typist: one half a X文");
        await terminal.PressAsync("Up");
        await terminal.ShowsAsync("Lobby> one half a X文");
        await terminal.PressAsync("C-u");
        await terminal.EnterAsync("quit");

        await terminal.ShowsAsync("ended with 0");
    }

    [Fact]
    public async Task In_a_terminal_files_are_sent_with_a_bar_and_fetched_and_Ctrl_C_cancels_before_it_leaves()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        var content = Make.Bytes(200_000, seed: 34);
        home.Write("small.bin", content);
        home.Write("large.bin", Make.Bytes(Size, seed: 35));
        await using var terminal = await Terminal.StartAsync(home, "join", "--nick", "Sender", "--room", await server.RoomAsync("Sendings"));
        await terminal.ShowsAsync("Sendings>");

        await terminal.EnterAsync("file:small.bin");
        await terminal.ShowsAsync("small.bin, 200 KB – get 1");
        await terminal.EnterAsync("get 1");
        await terminal.ShowsAsync("Saved: downloads/small.bin");
        Assert.Equal(content, await File.ReadAllBytesAsync(home.File("downloads/small.bin"), Cancel));

        cable.HoldAfter(cable.Sent + (Size / 2));
        await terminal.EnterAsync("file:large.bin");
        await terminal.ShowsAsync("large.bin [#####");
        await terminal.ShowsAsync("% of 12.0 MB");
        await terminal.TypeAsync("still typing");
        await terminal.ShowsAsync("Sendings> still typing");
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > Size / 2));
        cable.HoldAfter(long.MaxValue);
        await terminal.PressAsync("C-c");
        await terminal.ShowsAsync("large.bin: cancelled.");
        await terminal.ShowsAsync("large.bin, 12.0 MB was called off");
        Assert.Equal("Sendings> still typing", await terminal.LastRowAsync());

        await terminal.PressAsync("C-c");
        await terminal.ShowsAsync("ended with 130");
    }

    [Fact]
    public async Task Ctrl_C_twice_leaves_also_while_the_server_does_not_hear_that_the_transfer_is_cancelled()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        home.Write("stuck.bin", Make.Bytes(Size, seed: 36));
        await using var terminal = await Terminal.StartAsync(home, "join", "--nick", "Stuck");
        await terminal.ShowsAsync("Lobby>");
        var limit = cable.Sent + (Size / 2);
        cable.HoldAfter(limit);
        await terminal.EnterAsync("file:stuck.bin");
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > limit));

        await terminal.PressAsync("C-c", "C-c");

        await terminal.ShowsAsync("ended with 130");
    }

    [Fact]
    public async Task Who_breaks_off_hears_what_the_server_has_not_taken()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        await using var terminal = await Terminal.StartAsync(home, "join", "--nick", "Unsent");
        await terminal.ShowsAsync("Lobby>");
        cable.HoldAfter(cable.Sent);
        await terminal.EnterAsync("is anybody there?");

        await terminal.PressAsync("C-c");
        await terminal.ShowsAsync("Ctrl+C once more leaves");
        await terminal.PressAsync("C-c");

        await terminal.ShowsAsync("1 message was not sent.");
        await terminal.ShowsAsync("ended with 130");
    }

    [Fact]
    public async Task The_last_of_several_chats_under_one_name_gives_it_back()
    {
        using var home = new CliHome(server.App.Address);
        using var other = new CliHome(server.App.Address);
        await using var one = home.Start("join", "--nick", "Twin");
        await one.SeesAsync("In Lobby:");
        await using var two = home.Start("join", "--nick", "twin");
        await two.SeesAsync("In Lobby:");

        await one.SayAsync("quit");
        Assert.Equal(0, (await one.EndAsync()).Code);
        var taken = await other.RunAsync("signin", "--nick", "Twin");
        await two.SayAsync("still here");
        await two.SeesAsync("Twin: still here");
        await two.SayAsync("quit");

        Assert.Equal((1, 0), (taken.Code, (await two.EndAsync()).Code));
        Assert.Equal(0, (await other.RunAsync("signin", "--nick", "Twin")).Code);
        // Nothing is left of it.
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(home.SignIns)!, "*.used"));
    }

    [Fact]
    public async Task A_chat_that_is_left_keeps_an_upload_under_its_name_alive()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        home.Write("beside.bin", Make.Bytes(Size, seed: 37));
        await using var chat = home.Start("join", "--nick", "Beside");
        await chat.SeesAsync("In Lobby:");
        var limit = cable.Sent + (Size / 2);
        cable.HoldAfter(limit);
        await using var upload = home.Start("upload", "beside.bin", "--nick", "Beside");
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > limit));
        // The connection of the upload alone stands still now.
        cable.HoldAfter(long.MaxValue);

        await chat.SayAsync("quit");
        Assert.Equal(0, (await chat.EndAsync()).Code);
        cable.Pull();
        cable.PutBack();

        var result = await upload.EndAsync();
        Assert.True(result.Code == 0, result.Notes);
    }

    [Fact]
    public async Task A_sign_in_that_is_saved_beside_a_chat_stays_when_that_is_left()
    {
        using var home = new CliHome(server.App.Address);
        await using var chat = home.Start("join", "--nick", "Stayer");
        await chat.SeesAsync("In Lobby:");

        Assert.Equal(0, (await home.RunAsync("signin", "--nick", "Stayer")).Code);
        await chat.SayAsync("quit");
        Assert.Equal(0, (await chat.EndAsync()).Code);

        Assert.Equal(0, (await home.RunAsync("send", "Still signed in")).Code);
    }

    [Fact]
    public async Task A_line_that_is_not_UTF_8_is_refused_and_the_others_are_sent()
    {
        var room = await server.RoomAsync("Bytes");
        using var home = new CliHome(server.App.Address);
        await using var run = home.Start("join", "--nick", "Latin", "--room", room);

        await run.Input.BaseStream.WriteAsync((byte[])[0xEF, 0xBB, 0xBF, .. "before\na"u8, 0xFF, .. "b\nafter: ä 中\n"u8], Cancel);
        await run.Input.BaseStream.FlushAsync(Cancel);

        await run.SeesAsync("Latin: before\n");
        await run.SeesAsync("Not sent: this line is not UTF-8.");
        await run.SeesAsync("Latin: after: ä 中\n");
        Assert.DoesNotContain('\uFFFD', run.Output);
    }

    [Fact]
    public async Task In_a_terminal_the_chat_goes_on_over_a_cut_of_the_line()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        using var other = new CliHome(server.App.Address);
        await other.RunAsync("signin", "--nick", "Faraway");
        await using var terminal = await Terminal.StartAsync(home, "join", "--nick", "Cutter");
        await terminal.ShowsAsync("Lobby>");

        cable.Pull();
        await terminal.ShowsAsync("Trying again");
        await terminal.EnterAsync("said while it was cut");
        await other.RunAsync("send", "said meanwhile");
        cable.PutBack();

        await terminal.ShowsAsync("Connected again.");
        await terminal.ShowsAsync("Faraway: said meanwhile");
        await terminal.ShowsAsync("Cutter: said while it was cut");
        Assert.Equal(2, (await terminal.ScreenAsync()).Split("said meanwhile").Length);
        Assert.Equal(2, (await terminal.ScreenAsync()).Split("said while it was cut").Length);
    }

    [Fact]
    public async Task A_terminal_that_wants_no_colour_gets_none_and_hostile_words_change_nothing()
    {
        using var home = new CliHome(server.App.Address) { Variables = { ["NO_COLOR"] = "1" } };
        using var other = new CliHome(server.App.Address);
        await using var terminal = await Terminal.StartAsync(home, "join", "--nick", "Grey");
        await terminal.ShowsAsync("Lobby>");
        var title = await terminal.TitleAsync();

        await other.RunAsync("send", "--nick", "Bidi", "abc \u202E cba");

        await terminal.ShowsAsync("<U+202E>");
        Assert.Equal(title, await terminal.TitleAsync());
        Assert.DoesNotContain("\e[38;", await terminal.ColoursAsync(), StringComparison.Ordinal);
    }
}
