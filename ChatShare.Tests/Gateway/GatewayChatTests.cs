using System.Text;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Gateway;

namespace ChatShare.Tests.Gateway;

/// <summary>Old clients talk with each other and with the other doors.</summary>
public sealed class GatewayChatTests(UnhurriedGatewayFixture fixture) : IClassFixture<UnhurriedGatewayFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_is_asked_for_its_name_and_is_in()
    {
        await using var ann = await OldClient.JoinAsync(fixture.Address, "first");

        Assert.Equal(["NICK", "first joined the chat!", "Connected to the server!"], ann.Read);
    }

    [Fact]
    public async Task Two_clients_and_a_browser_talk()
    {
        await using var browser = await fixture.EnterAsync("Browser");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "talker");
        await using var bob = await OldClient.JoinAsync(fixture.Address, "listener", answersReady: false);
        await ann.SeesAsync("listener joined the chat!");

        await ann.SayAsync("Grüße, 世界 👋");
        await browser.UntilMessageAsync(m => m is { Text: "Grüße, 世界 👋", Sender: "talker", Door: Door.Tcp }, Cancel);
        await bob.SeesAsync("talker: Grüße, 世界 👋");
        await browser.Session.SayAsync("hello you two", Cancel);

        await ann.SeesAsync("Browser: hello you two");
        await bob.SeesAsync("Browser: hello you two");
        Assert.DoesNotContain(ann.Read, text => text.StartsWith("talker:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Everybody_is_told_who_comes_and_goes_by_any_door()
    {
        await using var ann = await OldClient.JoinAsync(fixture.Address, "witness");
        var bob = await OldClient.JoinAsync(fixture.Address, "guest");
        await ann.SeesAsync("guest joined the chat!");
        var browser = await fixture.EnterAsync("Visitor");
        await ann.SeesAsync("Visitor joined the chat!");

        await bob.DisposeAsync();
        await ann.SeesAsync("guest left the chat!");
        await browser.DisposeAsync();

        await ann.SeesAsync("Visitor left the chat!");
    }

    [Fact]
    public async Task Script_that_speaks_and_hangs_up_has_come_before_and_left_after()
    {
        await using var witness = await OldClient.JoinAsync(fixture.Address, "sentry");
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SayAsync("script\nhello\n");
        client.SaysNoMore();
        await witness.UntilAsync(() => string.Concat(witness.Read).Contains("script left the chat!", StringComparison.Ordinal));

        // One read may hold two lines on a machine that does not let the client read in time.
        var told = string.Concat(witness.Read);
        int[] places = [PlaceOf("script joined the chat!"), PlaceOf("script: hello"), PlaceOf("script left the chat!")];
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);

        int PlaceOf(string line) => told.IndexOf(line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_speaks_before_the_room_has_told_of_them_is_announced_first_and_once()
    {
        await using var listener = await fixture.EnterAsync("Eavesdrop");
        var people = listener.Session.Backlog.People;
        var feed = new RoomFeed(new Guest(listener.Session.Participant.Session, "eavesdrop"), listener.Session);
        await using var meteor = await fixture.EnterAsync("Meteor");
        var first = await meteor.Session.SayAsync("hello", Cancel);
        var second = await meteor.Session.SayAsync("bye", Cancel);

        Assert.Equal(["Meteor joined the chat!", "Meteor: hello"], Lines(new RoomEvent.MessageChanged(first)));
        Assert.Equal(["Meteor: bye"], Lines(new RoomEvent.MessageChanged(second)));
        // The list that knew them, if any did, came and went between two looks.
        Assert.Equal(["Meteor left the chat!"], Lines(new RoomEvent.PeopleChanged(people)));
        Assert.Equal(["Meteor: hello"], Lines(new RoomEvent.MessageChanged(first), isBehind: true));

        IEnumerable<string> Lines(RoomEvent happened, bool isBehind = false) =>
            feed.Tell(happened, isBehind).Cast<Outgoing.Line>().Select(line => line.Text);
    }

    [Fact]
    public async Task Many_who_come_and_go_at_once_are_told_by_name()
    {
        await using var witness = await OldClient.JoinAsync(fixture.Address, "concierge");
        var people = new List<PersonSession>();
        for (var number = 0; number < 30; number++)
            people.Add(await fixture.App.Get<SessionService>().JoinAsync(Make.Nickname($"Tourist {number}"), Cancel));
        var names = people.Select(person => person.Nickname.Value).Order(StringComparer.OrdinalIgnoreCase).ToList();

        // All within one look of the room at who is there.
        var entered = await Task.WhenAll(people.Select(person => fixture.EnterAsync(person)));
        await witness.UntilAsync(() => Told(" joined the chat!").Count() >= names.Count);
        Assert.Equal(names, Told(" joined the chat!"));

        foreach (var reader in entered)
            await reader.DisposeAsync();
        await witness.UntilAsync(() => Told(" left the chat!").Count() >= names.Count);
        Assert.Equal(names, Told(" left the chat!"));

        // One read may hold two lines on a machine that does not let the client read in time.
        IEnumerable<string> Told(string what) => string.Concat(witness.Read).Split('!')
            .Select(line => line + "!").Where(line => line.StartsWith("Tourist ", StringComparison.Ordinal) && line.EndsWith(what, StringComparison.Ordinal))
            .Select(line => line[..^what.Length]).Order(StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("typist\nhello\n", "typist", "hello")]
    [InlineData("typist\r\n\r\nhello", "typist", "hello")]
    [InlineData("\ntypist\nhello\nand more\n", "typist", "hello\nand more")]
    [InlineData("GET lost\nhello\n", "GET lost", "hello")]
    public async Task What_comes_with_the_name_is_said_next(string sent, string name, string said)
    {
        await using var browser = await fixture.EnterAsync($"Overhears {Guid.NewGuid():N}"[..20]);
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SayAsync(sent);
        client.SaysNoMore();

        await browser.UntilMessageAsync(m => m.Sender == name, Cancel);
        var heard = await client.ReadToEndAsync();
        Assert.Contains($"{name} joined the chat!Connected to the server!", heard, StringComparison.Ordinal);
        Assert.Equal([said], browser.Messages.Where(m => m.Sender == name).Select(m => m.Text));
    }

    [Fact]
    public async Task Administrator_sees_the_door_and_can_end_it_with_a_reason()
    {
        await using var ann = await OldClient.JoinAsync(fixture.Address, "nuisance");
        var row = Assert.Single(fixture.App.Get<ConnectedUsers>().List(), user => user.Nickname == "nuisance");
        Assert.Equal((Door.Tcp, "127.0.0.1", "Lobby"), (row.Door, row.Addresses[0], row.Rooms[0]));

        await fixture.App.EndSessionAsync("nuisance", "An administrator ended your session. Reason: spam");

        await ann.HangsUpAsync(withinSeconds: 2);
        Assert.Equal("An administrator ended your session. Reason: spam", ann.Read[^1]);
    }

    [Fact]
    public async Task Server_that_is_stopped_says_so()
    {
        await using var app = await RunningApp.StartAsync(GatewayFixture.Settings);
        await using var ann = await OldClient.JoinAsync(app.Gateway!, "ann");

        await app.StopAsync();

        await ann.HangsUpAsync(withinSeconds: 60);
        Assert.Equal("The server is being restarted.", ann.Read[^1]);
    }

    [Fact]
    public async Task Client_that_connects_again_keeps_its_name()
    {
        for (var time = 0; time < 3; time++)
        {
            var ann = await OldClient.JoinAsync(fixture.Address, "again");
            Assert.Contains("again joined the chat!", ann.Read);
            ann.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Both);
            await ann.DisposeAsync();
            await Eventually.TrueAsync(() => Task.FromResult(fixture.App.Get<ConnectedUsers>().List().All(user => user.Nickname != "again")));
        }
    }

    [Fact]
    public async Task Name_of_a_client_is_free_after_the_program_was_killed()
    {
        // What a kill leaves behind: a row that nobody has ended.
        await fixture.App.Get<SessionService>().JoinForConnectionAsync(Make.Nickname("survivor"), Cancel);
        await using var held = await OldClient.JoinAsync(fixture.Address, "survivor");
        Assert.Contains("survivor-2 joined the chat!", held.Read);

        await using var app = await RunningApp.StartAsync([.. GatewayFixture.Settings, "ChatShare:People:NicknameHeldHours=24"]);
        var session = await app.Get<SessionService>().JoinForConnectionAsync(Make.Nickname("survivor"), Cancel);
        await using (var db = await app.Get<Microsoft.EntityFrameworkCore.IDbContextFactory<Core.Storage.ChatShareDbContext>>().CreateDbContextAsync(Cancel))
        {
            var row = await db.Sessions.FindAsync([session.Id], Cancel);
            Assert.True(DateTimeOffset.UtcNow - row!.LastSeenAt > TimeSpan.FromHours(23));
        }
    }

    [Theory]
    [InlineData("taken", "taken-2")]
    [InlineData("with:colon", "with-colon")]
    [InlineData("tab\tbed", "tab-bed")]
    public async Task Name_that_cannot_be_is_changed(string wanted, string given)
    {
        await using var holder = await fixture.EnterAsync("taken");
        await using var ann = await OldClient.JoinAsync(fixture.Address, wanted);

        Assert.Contains($"{given} joined the chat!", ann.Read);
        await holder.Session.DisposeAsync();
        await fixture.App.Get<SessionService>().EndAsync(holder.Session.Participant.Session.Id, null, Cancel);
    }

    [Theory]
    [InlineData("!!!")]
    [InlineData("аnn")]
    public async Task Name_that_cannot_be_made_one_is_refused_with_a_sentence(string wanted)
    {
        await using var ann = await OldClient.ConnectAsync(fixture.Address, wanted);

        await ann.HangsUpAsync();
        Assert.Equal(3, ann.Read.Count(text => text == "NICK"));
        Assert.Contains(ann.Read, text => text.StartsWith("A nickname ", StringComparison.Ordinal));
        Assert.DoesNotContain("Connected to the server!", ann.Read);
    }

    [Fact]
    public async Task Namesake_reaches_the_client_under_another_name()
    {
        await using var real = await fixture.EnterAsync("double");
        await using var second = await OldClient.JoinAsync(fixture.Address, "double");
        Assert.Contains("double-2 joined the chat!", second.Read);

        await real.Session.SayAsync("it is me", Cancel);
        await second.SeesAsync("double (other): it is me");
        await fixture.ShareAsync(real, "mine.bin", Make.Bytes(5000));

        var saved = await second.SavesAsync("mine.bin");
        Assert.Equal(("double (other)", 5000), (saved.Sender, saved.Length));
    }

    [Theory]
    [InlineData("FILE_INCOMING", "x:4:y")]
    [InlineData("FILE_TRANSFER_COMPLETE", "x")]
    [InlineData("NICK", "hello")]
    public async Task Nobody_forges_a_control_message_by_their_name(string nickname, string text)
    {
        await using var ann = await OldClient.JoinAsync(fixture.Address, "target");
        await using var forger = await fixture.EnterAsync(nickname);
        await forger.Session.SayAsync(text, Cancel);

        var line = await ann.SeesAsync(read => read.EndsWith($": {text}", StringComparison.Ordinal));
        Assert.False(line.StartsWith("FILE_", StringComparison.Ordinal));
        await forger.Session.SayAsync("after", Cancel);
        await ann.SeesAsync(read => read.EndsWith(": after", StringComparison.Ordinal));
        await fixture.App.Get<SessionService>().EndAsync(forger.Session.Participant.Session.Id, null, Cancel);
    }

    [Fact]
    public async Task Messages_that_come_together_are_read_one_at_a_time_and_in_order()
    {
        await using var browser = await fixture.EnterAsync("Chatterbox");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "reader");
        var texts = Enumerable.Range(0, 30).Select(number => $"line {number}").ToList();
        await Task.WhenAll(texts.Select(text => browser.Session.SayAsync(text, Cancel)));
        var last = await browser.Session.SayAsync("line end", Cancel);
        await browser.UntilChangeAsync(last.Number, Cancel);
        await ann.SeesAsync(text => text.EndsWith("line end", StringComparison.Ordinal));

        // The order is the room's. A machine that does not let the client read in time joins a few; without the gap all would be one.
        var reads = ann.Read.Where(text => text.StartsWith("Chatterbox: line", StringComparison.Ordinal)).ToList();
        Assert.Equal(
            string.Concat(browser.Messages.Where(m => m.Sender == "Chatterbox").Select(m => $"Chatterbox: {m.Text}")), string.Concat(reads));
        Assert.InRange(reads.Count, texts.Count * 2 / 3, texts.Count + 1);
    }

    [Fact]
    public async Task Long_text_comes_in_parts_and_loses_nothing()
    {
        var text = string.Concat(Enumerable.Range(0, 3500).Select(number => $"é{number}世"))[..15_000];
        await using var browser = await fixture.EnterAsync("Novelist");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "bookworm");
        await browser.Session.SayAsync(text, Cancel);
        await ann.UntilAsync(() => string.Concat(Parts()).Length >= text.Length + "Novelist: ".Length);

        Assert.Equal($"Novelist: {text}", string.Concat(Parts()));
        Assert.All(Parts(), part => Assert.True(Encoding.UTF8.GetByteCount(part) < 4096));
        Assert.Equal(0, ann.Ignored);

        IEnumerable<string> Parts() => ann.Read.SkipWhile(read => !read.StartsWith("Novelist:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Long_text_of_a_client_loses_no_character_at_its_seams()
    {
        // A client's text of more than 4,096 bytes, whose four bytes of a character stand across the seam.
        var text = "x" + string.Concat(Enumerable.Repeat("👋 ", 2000));
        await using var browser = await fixture.EnterAsync("Archivist");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "epic");
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var sent = 0; sent < bytes.Length; sent += 4096)
            await ann.SendAsync(bytes.AsMemory(sent, Math.Min(4096, bytes.Length - sent)));
        await ann.SayAsync("");
        await Eventually.TrueAsync(() => Task.FromResult(Said().Length >= text.TrimEnd().Length));

        Assert.Equal(text.TrimEnd(), Said());

        string Said() => string.Concat(browser.Messages.Where(m => m.Sender == "epic").Select(m => m.Text));
    }

    [Fact]
    public async Task Character_that_was_cut_in_two_is_one_whenever_its_rest_comes()
    {
        await using var browser = await fixture.EnterAsync("Patient");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "slow");
        await ann.SendAsync(new byte[] { (byte)'a', 0xC3 });
        // Longer than the gateway waits for what belongs together.
        await TestClock.UntilAsync(TimeSpan.FromMilliseconds(300), Cancel);
        await ann.SendAsync(new byte[] { 0xA9, (byte)'b' });
        await browser.UntilMessageAsync(m => m.Sender == "slow" && m.Text.EndsWith('b'), Cancel);

        Assert.Equal("aéb", string.Concat(browser.Messages.Where(m => m.Sender == "slow").Select(m => m.Text)));
    }

    [Fact]
    public async Task What_a_terminal_would_obey_is_left_out_and_what_is_no_text_is_refused()
    {
        await using var browser = await fixture.EnterAsync("Careful");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "arrows");
        await ann.SayAsync("he\u001b[Dllo");
        await browser.UntilMessageAsync(m => m.Text == "he[Dllo", Cancel);
        await ann.SendAsync(new byte[] { 0xFF, 0xFE, 0x80 });

        await ann.SeesAsync(read => read.Contains("UTF-8", StringComparison.Ordinal));
        await ann.SayAsync("still here");
        await browser.UntilMessageAsync(m => m.Text == "still here", Cancel);
    }

    [Fact]
    public async Task Ready_is_a_message_when_nothing_was_offered()
    {
        await using var browser = await fixture.EnterAsync("Overhearer");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "eager");
        await ann.SayAsync("READY");

        await browser.UntilMessageAsync(m => m is { Text: "READY", Sender: "eager" }, Cancel);
    }

    [Fact]
    public async Task Person_who_sends_too_fast_waits_and_loses_nothing()
    {
        await using var app = await RunningApp.StartAsync([.. GatewayFixture.Settings, "ChatShare:Limits:MessagesPerSecond=2"]);
        await using var browser = await GatewayFixture.EnterAsync(app, "Calm");
        await using var ann = await OldClient.JoinAsync(app.Gateway!, "rapid");
        for (var number = 0; number < 12; number++)
        {
            await ann.SayAsync($"[{number}]");
            await TestClock.UntilAsync(TimeSpan.FromMilliseconds(10), Cancel);
        }

        var all = string.Concat(Enumerable.Range(0, 12).Select(number => $"[{number}]"));
        await Eventually.TrueAsync(() => Task.FromResult(string.Concat(browser.Messages.Select(m => m.Text)) == all));
    }
}
