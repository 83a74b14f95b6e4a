using System.Text.Json;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cli;

/// <summary>The commands for scripts, as processes against a running server: what they print, and what they end with.</summary>
public sealed class ScriptTests(CliServer server) : IClassFixture<CliServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2)]
    [InlineData(2, "bogus")]
    [InlineData(2, "admin")]
    [InlineData(2, "send")]
    [InlineData(2, "get", "--nick", "Eve")]
    [InlineData(2, "rooms", "--server", "ftp://host")]
    [InlineData(2, "tail", "--after", "yesterday")]
    [InlineData(2, "tail", "--nick", "Eve", "--after", "é-12")]
    [InlineData(2, "tail", "--nick", "Eve", "--after", "a\nb-12")]
    [InlineData(2, "tail", "--nick", "Eve", "--after", "x y-12")]
    [InlineData(2, "tail", "--nick", "Eve", "--after", "3F2A-12")]
    [InlineData(2, "tail", "--nick", "Eve", "--count", "0")]
    [InlineData(2, "tail", "--nick", "Eve", "--count", "-1")]
    [InlineData(2, "send", "--nick", "Eve", "--roon", "Ops", "secret plan")]
    [InlineData(2, "send", "--nick", "Eve", "secret", "plan", "--roon=Ops")]
    [InlineData(2, "get", "--nick", "Eve", "--too", "here")]
    [InlineData(2, "upload", "--nick", "Eve", "--rom")]
    [InlineData(2, "join", "--nick", "Eve", "--auto")]
    [InlineData(2, "signin", "--user", "Root", "--server", "http://127.0.0.1:1")]
    [InlineData(3, "rooms", "--nick", "Eve", "--server", "http://127.0.0.1:1")]
    [InlineData(4, "rooms")]
    [InlineData(1, "rooms", "--nick", "a/b")]
    [InlineData(1, "send", "--nick", "Eve", "--room", "Nowhere", "Hello")]
    [InlineData(1, "get", "--nick", "Eve", "no such file")]
    [InlineData(1, "admin", "connections", "--nick", "Eve")]
    [InlineData(5, "upload", "--nick", "Eve", "no-such-file")]
    [InlineData(5, "upload", "--nick", "Eve", "/")]
    public async Task What_cannot_be_done_ends_with_its_code_and_a_sentence(int code, params string[] arguments)
    {
        using var home = new CliHome(server.App.Address);

        var plain = await home.RunAsync(arguments);

        Assert.Equal((code, ""), (plain.Code, plain.Output));
        Assert.StartsWith("chatshare: ", plain.Notes, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ChatShare", plain.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_a_failure_is_json_on_standard_error()
    {
        using var home = new CliHome(server.App.Address);

        var result = await home.RunAsync("send", "--nick", "Judy", "--room", "Nowhere", "--json", "Hello");

        var error = JsonDocument.Parse(result.Notes).RootElement;
        Assert.Equal((1, 404, 1, ""), (error.GetProperty("exitCode").GetInt32(), error.GetProperty("status").GetInt32(), result.Code, result.Output));
        Assert.NotEmpty(error.GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task A_token_that_is_worth_nothing_is_not_signed_in()
    {
        using var home = new CliHome(server.App.Address) { Variables = { ["CHATSHARE_TOKEN"] = "nonsense" } };

        Assert.Equal(4, (await home.RunAsync("rooms")).Code);
    }

    [Fact]
    public async Task Messages_are_sent_once_from_arguments_and_from_standard_input()
    {
        using var home = new CliHome(server.App.Address);
        await home.RunAsync("signin", "--nick", "Ann");

        var spoken = Json(await home.RunAsync("send", "--json", "Hello", "there"));
        var piped = Json(await home.RunOnAsync("one\ntwo\n", ["send", "--json", "--client-id", "mine"]));
        var again = Json(await home.RunOnAsync("one\ntwo\n", ["send", "--json", "--client-id", "mine"]));
        var atFile = Json(await home.RunAsync("send", "--json", "@file"));
        var dashed = Json(await home.RunAsync("send", "--json", "--", "--roon", "is", "no", "option"));

        Assert.Equal(("Hello there", "Ann"), (spoken.GetProperty("text").GetString(), spoken.GetProperty("sender").GetString()));
        Assert.Equal("one\ntwo", piped.GetProperty("text").GetString());
        Assert.Equal(piped.GetProperty("number").GetInt64(), again.GetProperty("number").GetInt64());
        Assert.Equal("@file", atFile.GetProperty("text").GetString());
        Assert.Equal("--roon is no option", dashed.GetProperty("text").GetString());
    }

    [Fact]
    public async Task What_is_not_UTF_8_is_not_sent()
    {
        using var home = new CliHome(server.App.Address);
        // Nobody is there: of a password nothing may be sent, not even a question.
        foreach (var command in new[] { new[] { "send", "--nick", "Bytes" }, ["signin", "--user", "Bytes", "--server", "http://127.0.0.1:1"] })
        {
            await using var run = home.Start(command);
            // Half a character at the end, which a reader may keep for later.
            await run.Input.BaseStream.WriteAsync((byte[])[.. "ab"u8, 0xE4, 0xB8], Cancel);
            run.Input.Close();

            var result = await run.EndAsync();

            Assert.Equal((2, ""), (result.Code, result.Output));
            Assert.Contains("not UTF-8", result.Notes, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Following_ends_after_as_many_as_were_asked_for_though_more_are_there()
    {
        using var home = new CliHome(server.App.Address);
        var room = await server.RoomAsync("Counted");
        var sender = await server.App.Get<SessionService>().JoinAsync(Make.Nickname("Counter"), Cancel);
        using var participant = server.App.Get<ConnectedUsers>().Connect(sender, Door.Api, "127.0.0.1");
        var rooms = server.App.Get<RoomService>();
        await using (var session = await rooms.JoinAsync(rooms.Find(Make.RoomName(room))!, participant, afterNumber: null, Cancel))
        {
            foreach (var text in new[] { "one", "two", "three", "four", "five" })
                await session.PostAsync(Make.Text(text), Make.ClientId(), Cancel);
        }

        var result = await home.RunAsync("tail", "--room", room, "--after", "0", "--count", "2", "--json", "--nick", "Count");

        Assert.Equal((0, 2), (result.Code, result.Lines.Length));
    }

    [Fact]
    public async Task Following_ends_when_nobody_reads_any_more_though_nothing_more_is_said()
    {
        using var home = new CliHome(server.App.Address);
        var room = await server.RoomAsync("Unread");
        await home.RunAsync("send", "--room", room, "--nick", "Head", "the only one");

        await using var run = home.StartScript($"chatshare tail --room {room} --after 0 | head -n 1; exit ${{PIPESTATUS[0]}}");
        var result = await run.EndAsync();

        Assert.Equal(0, result.Code);
        Assert.Contains("the only one", Assert.Single(result.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("> /dev/full")]
    [InlineData(">&-")]
    public async Task Results_that_cannot_be_written_are_said_to_be_lost(string where)
    {
        using var home = new CliHome(server.App.Address);

        await using var run = home.StartScript($"chatshare rooms --nick Lost{where.Length} {where}");
        var result = await run.EndAsync();

        Assert.Equal(5, result.Code);
        Assert.StartsWith("chatshare: The results cannot be written", result.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_can_be_asked_for_with_a_value()
    {
        using var home = new CliHome(server.App.Address);
        await home.RunAsync("signin", "--nick", "Value");

        Assert.Equal(JsonValueKind.Array, Json(await home.RunAsync("rooms", "--json=true")).ValueKind);
        Assert.Equal(JsonValueKind.Array, Json(await home.RunAsync("--json:true", "rooms")).ValueKind);
        Assert.StartsWith("Lobby\t", (await home.RunAsync("rooms", "--json=false")).Output, StringComparison.Ordinal);
        Assert.Equal(2, (await home.RunAsync("rooms", "--json=maybe")).Code);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused_with_the_way_out()
    {
        using var home = new CliHome(server.App.Address);

        var result = await home.RunOnAsync(new string('x', 16_001), ["send", "--nick", "Long"]);

        Assert.Equal(1, result.Code);
        Assert.Contains("upload", result.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rooms_and_people_are_listed_and_this_door_is_the_command_line()
    {
        using var home = new CliHome(server.App.Address);

        var rooms = await home.RunAsync("rooms", "--nick", "Carol");
        await home.RunAsync("send", "--nick", "Carol", "Here I am");
        var people = Json(await home.RunAsync("who", "--nick", "Carol", "--json")).EnumerateArray();

        Assert.StartsWith("Lobby\t", rooms.Output, StringComparison.Ordinal);
        var carol = Assert.Single(people, person => person.GetProperty("nickname").GetString() == "Carol");
        Assert.Equal("CLI", carol.GetProperty("doors")[0].GetString());
    }

    [Fact]
    public async Task Files_are_shared_and_fetched_once_whole_under_names_of_their_own()
    {
        using var home = new CliHome(server.App.Address);
        var (one, two) = (Make.Bytes(300_000, seed: 11), Make.Bytes(70_000, seed: 12));
        home.Write("plan.bin", one);
        home.Write("empty.txt", []);
        Directory.CreateDirectory(home.File("fetched"));
        await File.WriteAllBytesAsync(home.File("fetched/plan.bin"), two, Cancel);
        await home.RunAsync("signin", "--nick", "Dora");

        var shared = await home.RunAsync("upload", "plan.bin", "empty.txt", "--json");
        var fetched = await home.RunAsync("get", "plan.bin", "empty.txt", "--to", "fetched", "--json");
        var again = await home.RunAsync("get", "plan.bin", "--to", "fetched", "--json");
        Assert.Equal((0, 2), (shared.Code, shared.Lines.Length));
        Assert.Equal((0, 2), (fetched.Code, fetched.Lines.Length));
        Assert.Equal(one, await File.ReadAllBytesAsync(home.File("fetched/plan (2).bin"), Cancel));
        Assert.Equal(two, await File.ReadAllBytesAsync(home.File("fetched/plan.bin"), Cancel));
        Assert.Empty(await File.ReadAllBytesAsync(home.File("fetched/empty.txt"), Cancel));
        Assert.True(Json(again).GetProperty("wasHere").GetBoolean());
        Assert.Equal(3, Directory.GetFiles(home.File("fetched")).Length);
    }

    [Fact]
    public async Task A_file_that_was_shared_is_told_by_the_name_that_it_has_in_the_room()
    {
        using var home = new CliHome(server.App.Address);
        home.Write("q:1?.txt", [1]);

        var shared = Json(await home.RunAsync("upload", "q:1?.txt", "--nick", "Namer", "--json"));

        var name = shared.GetProperty("name").GetString()!;
        Assert.Equal((home.File("q:1?.txt"), "q_1_.txt"), (shared.GetProperty("file").GetString(), name));
        Assert.EndsWith($"/files/{shared.GetProperty("id").GetString()}/{name}", shared.GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, (await home.RunAsync("get", name)).Code);
    }

    [Fact]
    public async Task A_file_whose_name_a_folder_has_is_fetched_once_all_the_same()
    {
        using var home = new CliHome(server.App.Address);
        home.Write("things", [1, 2, 3]);
        await home.RunAsync("upload", "things", "--nick", "Folder");
        Directory.CreateDirectory(home.File("downloads/things"));

        var first = Json(await home.RunAsync("get", "things", "--json"));
        var again = Json(await home.RunAsync("get", "things", "--json"));

        Assert.Equal((false, true), (first.GetProperty("wasHere").GetBoolean(), again.GetProperty("wasHere").GetBoolean()));
        Assert.Equal(first.GetProperty("path").GetString(), again.GetProperty("path").GetString());
    }

    [Fact]
    public async Task Several_files_are_one_message()
    {
        using var home = new CliHome(server.App.Address);
        var room = await server.RoomAsync("Shares");
        home.Write("one.bin", Make.Bytes(1000, seed: 14));
        home.Write("two.bin", Make.Bytes(2000, seed: 15));
        await home.RunAsync("upload", "one.bin", "two.bin", "--room", room, "--nick", "Heidi");
        await home.RunAsync("send", "--room", room, "the end");

        await using var tail = home.Start("tail", "--room", room, "--after", "0", "--json");
        await tail.SeesAsync("the end");

        var messages = tail.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);
        var files = Assert.Single(messages.Where(message => message.GetProperty("text").GetString() == "").GroupBy(message => message.GetProperty("number").GetInt64()));
        Assert.Equal(["one.bin", "two.bin"], files.Last().GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Everything_of_a_room_is_fetched_with_one_word()
    {
        using var home = new CliHome(server.App.Address);
        home.Write("all.bin", Make.Bytes(5000, seed: 13));
        await home.RunAsync("upload", "all.bin", "--nick", "Greg");

        var result = await home.RunAsync("get", "--all", "--nick", "Greg", "--to", "everything");

        Assert.Equal(0, result.Code);
        Assert.True(File.Exists(home.File("everything/all.bin")));
        Assert.Empty(Directory.GetFiles(home.File("everything"), "*.part"));
    }

    [Fact]
    public async Task An_administrator_sees_a_connection_and_ends_it()
    {
        using var root = new CliHome(server.App.Address);
        using var home = new CliHome(server.App.Address);
        await home.RunAsync("signin", "--nick", "Mallory");
        await home.RunAsync("send", "Hello");

        var wrong = await root.RunOnAsync("wrong\n", ["signin", "--user", CliServer.Administrator]);
        var right = await root.RunOnAsync(CliServer.Password + "\n", ["signin", "--user", CliServer.Administrator]);
        var connections = await root.RunAsync("admin", "connections", "--json");
        var disconnected = await root.RunAsync("admin", "disconnect", "mallory", "--reason", "Enough of that.");
        var after = await home.RunAsync("send", "Still here?");

        Assert.Equal((4, 0, 0, 4), (wrong.Code, right.Code, disconnected.Code, after.Code));
        Assert.Contains("Enough of that.", after.Notes, StringComparison.Ordinal);
        Assert.Contains(Json(connections).EnumerateArray(), row => row.GetProperty("nickname").GetString() == "Mallory" && row.GetProperty("door").GetString() == "CLI");
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_forgets_it()
    {
        using var home = new CliHome(server.App.Address);
        await home.RunAsync("signin", "--nick", "Oscar");
        var before = await home.RunAsync("rooms");

        var left = await home.RunAsync("signout");

        Assert.Equal((0, 0, 4), (before.Code, left.Code, (await home.RunAsync("rooms")).Code));
        // The name is free again.
        using var other = new CliHome(server.App.Address);
        Assert.Equal(0, (await other.RunAsync("signin", "--nick", "Oscar")).Code);
    }

    [Fact]
    public async Task A_nickname_that_somebody_else_has_is_refused()
    {
        using var one = new CliHome(server.App.Address);
        using var two = new CliHome(server.App.Address);
        await one.RunAsync("signin", "--nick", "Peggy");

        Assert.Equal(1, (await two.RunAsync("signin", "--nick", "peggy")).Code);
        // Whose it is signs in again as often as they like.
        Assert.Equal(0, (await one.RunAsync("signin", "--nick", "Peggy")).Code);
    }

    [Fact]
    public async Task The_saved_sign_in_is_for_its_owner_alone_and_is_closed_again()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has other rights.");
            return;
        }

        using var home = new CliHome(server.App.Address);
        await home.RunAsync("signin", "--nick", "Trent");
        var mode = File.GetUnixFileMode(home.SignIns);
        var folder = File.GetUnixFileMode(Path.GetDirectoryName(home.SignIns)!);

        File.SetUnixFileMode(home.SignIns, mode | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var result = await home.RunAsync("rooms");

        const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal((Mine, Mine | UnixFileMode.UserExecute, Mine), (mode, folder, File.GetUnixFileMode(home.SignIns)));
        Assert.Equal(0, result.Code);
        Assert.Contains("Others could read", result.Notes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "Nowhere")]
    [InlineData("here", "Somewhere")]
    public async Task A_home_that_is_no_whole_path_is_none(string path, string nickname)
    {
        using var home = new CliHome(server.App.Address);
        await home.RunAsync("signin", "--nick", nickname);
        // It would be found where the program runs.
        Directory.CreateDirectory(home.File(Path.Combine(path, ".config")));
        Directory.Move(home.File("config/chatshare"), home.File(Path.Combine(path, ".config/chatshare")));
        foreach (var (name, value) in new[] { ("HOME", path), ("XDG_CONFIG_HOME", ""), ("XDG_STATE_HOME", "") })
            home.Variables[name] = value;

        Assert.Equal(4, (await home.RunAsync("rooms")).Code);
    }

    [Fact]
    public async Task Following_ends_with_Ctrl_C()
    {
        using var home = new CliHome(server.App.Address);
        await home.RunAsync("send", "--nick", "Walter", "Hello");
        await using var run = home.Start("tail", "--after", "0", "--nick", "Walter");
        await run.SeesAsync("Hello");
        Assert.DoesNotContain('\e', run.Output);

        await run.InterruptAsync();

        Assert.Equal(130, (await run.EndAsync()).Code);
    }

    private static JsonElement Json(CliResult result)
    {
        Assert.Equal((0, ""), (result.Code, result.Code == 0 ? "" : result.Notes));
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
