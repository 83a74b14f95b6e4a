using System.Text;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Gateway;

/// <summary>Files from and to old clients, of both kinds.</summary>
public sealed class GatewayFileTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task File_of_a_client_reaches_everybody()
    {
        var content = Make.Bytes(300_000);
        await using var browser = await fixture.EnterAsync("Watcher");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "sender");
        await using var cli = await OldClient.JoinAsync(fixture.Address, "commandline");
        await using var desktop = await OldClient.JoinAsync(fixture.Address, "desktop", answersReady: false);
        await ann.SendFileAsync("report.bin", content);

        var message = await browser.UntilMessageAsync(m => m.Sender == "sender" && m.Files is [{ State: FileState.Ready }], Cancel);
        Assert.Equal((Make.Sha256(content), Door.Tcp), (message.Files[0].Sha256, message.Door));
        foreach (var reader in new[] { cli, desktop })
        {
            Assert.Equal(new SavedFile("report.bin", "sender", content.Length, Make.Sha256(content)), await reader.SavesAsync("report.bin"));
            await reader.SeesAsync("FILE_TRANSFER_COMPLETE:report.bin");
        }

        // The card was there while the bytes came in.
        Assert.Contains(browser.Messages, m => m.Sender == "sender" && m.Files is [{ State: FileState.Uploading }]);
        await ann.SeesAsync("FILE_TRANSFER_COMPLETE:report.bin");
        Assert.Equal(["FILE_INCOMING:report.bin:300000:sender", "FILE_TRANSFER_COMPLETE:report.bin"], ann.Read.TakeLast(2));
        Assert.DoesNotContain(browser.Messages, m => m.Text == "READY");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task File_of_a_browser_is_pushed_and_chat_stays_outside_of_it(bool answersReady)
    {
        var content = Make.Bytes(3_000_000, seed: 2);
        var name = $"push {answersReady}.bin";
        await using var browser = await fixture.EnterAsync(answersReady ? "Giver" : "Donor");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "taker", answersReady);
        var talking = Task.Run(
            async () =>
            {
                for (var number = 0; number < 20; number++)
                    await browser.Session.SayAsync($"while {number}", Cancel);
            },
            Cancel);
        await fixture.ShareAsync(browser, name, content);
        await talking;
        await ann.SeesAsync($"FILE_TRANSFER_COMPLETE:{name}");
        await ann.UntilAsync(() => Lines().Count == 20);

        Assert.Equal((content.Length, Make.Sha256(content)), ((int)ann.Files[0].Length, ann.Files[0].Sha256));
        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"while {number}"), Lines());
        Assert.InRange(Reads().Count, 14, 20);
        Assert.Equal(0, ann.Ignored);
        // Nobody has said it: it was the answer.
        Assert.DoesNotContain(browser.Messages, m => m.Text == "READY");
        await Eventually.TrueAsync(async () => (await fixture.App.Get<WhoHasIt>().NamesAsync(
            browser.Messages.First(m => m.Files.Any(f => f.Name == name)).Files[0].Id, browser.Session.Participant.Session, Cancel)).Contains("taker"));

        List<string> Reads() => [.. ann.Read.Where(text => text.Contains(": while ", StringComparison.Ordinal))];

        // One read may hold two lines on a machine that does not let the client read in time.
        List<string> Lines() =>
            [.. string.Concat(Reads()).Split(answersReady ? "Giver: " : "Donor: ", StringSplitOptions.RemoveEmptyEntries)];
    }

    [Fact]
    public async Task Late_ready_is_no_message_and_a_later_one_is()
    {
        await using var browser = await fixture.EnterAsync("Punctual");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "late", answersReady: false);
        await fixture.ShareAsync(browser, "late.bin", Make.Bytes(4000, seed: 3));
        await ann.SeesAsync(text => text.StartsWith("FILE_INCOMING:late.bin", StringComparison.Ordinal));
        await ann.SayAsync("READY");
        await ann.SeesAsync("FILE_TRANSFER_COMPLETE:late.bin");
        await ann.SayAsync("READY");

        await browser.UntilMessageAsync(m => m is { Text: "READY", Sender: "late" }, Cancel);
        await ann.SayAsync("end");
        await browser.UntilMessageAsync(m => m is { Text: "end", Sender: "late" }, Cancel);
        Assert.Single(browser.Messages, m => m is { Text: "READY", Sender: "late" });
    }

    [Fact]
    public async Task File_that_begins_with_the_word_for_an_answer_is_whole_while_one_is_waited_for()
    {
        var content = Encoding.UTF8.GetBytes("READY for review\n" + new string('x', 200));
        await using var browser = await fixture.EnterAsync("Reviewer");
        using var client = await RawClient.JoinAsync(fixture.Address, "window");
        await client.ReadUntilAsync("Connected to the server!");
        await fixture.ShareAsync(browser, "offered.bin", Make.Bytes(400_000, seed: 9));
        await client.ReadUntilAsync("FILE_INCOMING:offered.bin");

        await client.SayAsync($"FILE_TRANSFER:notes.txt:{content.Length}{Encoding.UTF8.GetString(content)}");
        await client.ReadUntilAsync("FILE_TRANSFER_COMPLETE:notes.txt");
        await client.SayAsync("hello everybody");

        await browser.UntilMessageAsync(m => m is { Sender: "window", Text: "hello everybody" }, Cancel);
        var notes = await browser.UntilMessageAsync(m => m.Files is [{ Name: "notes.txt", State: FileState.Ready }], Cancel);
        Assert.Equal(Make.Sha256(content), notes.Files[0].Sha256);
    }

    [Fact]
    public async Task Sender_that_says_no_more_is_told_all_the_same_that_its_file_is_here()
    {
        await using var browser = await fixture.EnterAsync("Pipe reader");
        using var client = await RawClient.JoinAsync(fixture.Address, "pipe");
        await client.ReadUntilAsync("Connected to the server!");
        await client.SayAsync("FILE_TRANSFER:piped.txt:5hello");
        client.SaysNoMore();

        Assert.Contains("FILE_TRANSFER_COMPLETE:piped.txt", await client.ReadToEndAsync(), StringComparison.Ordinal);
        await browser.UntilMessageAsync(m => m.Files is [{ Name: "piped.txt", State: FileState.Ready }], Cancel);
    }

    [Fact]
    public async Task Header_may_have_the_first_bytes_glued_to_it()
    {
        var content = Encoding.UTF8.GetBytes("key:1\nand more");
        await using var browser = await fixture.EnterAsync("Glue");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "hasty");
        await ann.SendAsync(Encoding.UTF8.GetBytes($"FILE_TRANSFER:glued.txt:{content.Length}").Concat(content).ToArray());
        var message = await browser.UntilMessageAsync(m => m.Files is [{ Name: "glued.txt", State: FileState.Ready }], Cancel);

        Assert.Equal(Make.Sha256(content), message.Files[0].Sha256);
        await ann.SayAsync("and text again");
        await browser.UntilMessageAsync(m => m.Text == "and text again", Cancel);
    }

    [Theory]
    [InlineData("empty.bin", "empty.bin")]
    [InlineData("a*b?.bin", "a_b_.bin")]
    public async Task Sender_is_told_by_the_name_that_it_gave(string given, string shown)
    {
        await using var browser = await fixture.EnterAsync("Namer");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "teller");
        await ann.SendFileAsync(given, ReadOnlyMemory<byte>.Empty);

        await ann.SeesAsync($"FILE_TRANSFER_COMPLETE:{given}");
        await browser.UntilMessageAsync(m => m.Files is [{ State: FileState.Ready } file] && file.Name == shown, Cancel);
        await fixture.App.Get<SessionService>().EndAsync(browser.Session.Participant.Session.Id, null, Cancel);
    }

    [Fact]
    public async Task Hostile_name_is_no_path_and_breaks_no_message()
    {
        await using var browser = await fixture.EnterAsync("Villain");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "victim");
        await fixture.ShareAsync(browser, "../../etc/a:b:7\n.txt", Make.Bytes(2000, seed: 4));

        var saved = await ann.SavesAsync("a_b_7.txt");
        Assert.Equal(2000, saved.Length);
        await ann.SeesAsync("FILE_TRANSFER_COMPLETE:a_b_7.txt");
    }

    [Fact]
    public async Task File_that_is_too_large_is_refused_and_its_bytes_are_thrown_away()
    {
        await using var app = await RunningApp.StartAsync([.. GatewayFixture.Settings, "ChatShare:Limits:FileBytes=10000"]);
        await using var browser = await GatewayFixture.EnterAsync(app, "Guard");
        await using var ann = await OldClient.JoinAsync(app.Gateway!, "heavy");
        await ann.SendFileAsync("big.bin", Make.Bytes(500_000));

        await ann.SeesAsync(text => text.Contains("the limit here is", StringComparison.Ordinal));
        await ann.SayAsync("still connected");
        await browser.UntilMessageAsync(m => m.Text == "still connected", Cancel);
        Assert.Single(browser.Messages);
        await ann.SendAsync(Encoding.UTF8.GetBytes("FILE_TRANSFER:endless.bin:99999999999999999999999999"));
        await ann.SeesAsync("“endless.bin” is too large.");
    }

    [Fact]
    public async Task Upload_that_breaks_off_says_so_on_its_card_and_lists_no_file()
    {
        await using var browser = await fixture.EnterAsync("Mourner");
        await using var bob = await OldClient.JoinAsync(fixture.Address, "bystander");
        await using (var ann = await OldClient.JoinAsync(fixture.Address, "cut"))
        {
            await ann.SayAsync("FILE_TRANSFER:half.bin:100000");
            await browser.UntilMessageAsync(m => m.Files is [{ Name: "half.bin" }], Cancel);
            await ann.SendAsync(Make.Bytes(50_000));
        }

        var message = await browser.UntilMessageAsync(m => m.Files is [{ Name: "half.bin", State: FileState.Failed }], Cancel);
        Assert.Equal("The sender's connection was lost.", message.Files[0].Failure);
        await browser.Session.SayAsync("next", Cancel);
        await bob.SeesAsync("Mourner: next");
        Assert.DoesNotContain(bob.Read, text => text.Contains("half.bin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Upload_that_an_administrator_calls_off_leaves_the_client_connected()
    {
        await using var browser = await fixture.EnterAsync("Boss");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "stopped");
        await ann.SayAsync("FILE_TRANSFER:stop.bin:100000");
        await browser.UntilMessageAsync(m => m.Files is [{ Name: "stop.bin" }], Cancel);
        await ann.SendAsync(Make.Bytes(50_000));
        var upload = fixture.App.Get<UploadService>().Active.Single(u => u.File.Name == "stop.bin");
        await upload.CancelAsync(upload.Sender, Cancel);

        await ann.SeesAsync("“stop.bin” was called off.");
        await ann.SendAsync(Make.Bytes(50_000));
        await ann.SayAsync("go on");
        await browser.UntilMessageAsync(m => m.Sender == "stopped" && m.Text.EndsWith("go on", StringComparison.Ordinal), Cancel);
    }

    [Fact]
    public async Task Files_wait_while_the_client_sends_its_own()
    {
        await using var browser = await fixture.EnterAsync("Crossing");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "busy");
        await using var bob = await OldClient.JoinAsync(fixture.Address, "idle");
        await ann.SayAsync("FILE_TRANSFER:up.bin:10000");
        await browser.UntilMessageAsync(m => m.Files is [{ Name: "up.bin" }], Cancel);
        await ann.SendAsync(Make.Bytes(5000, seed: 5));
        await fixture.ShareAsync(browser, "down.bin", Make.Bytes(20_000, seed: 6));
        await browser.Session.SayAsync("chat goes on", Cancel);
        await bob.SavesAsync("down.bin");
        await ann.SeesAsync("Crossing: chat goes on");
        Assert.DoesNotContain(ann.Read, text => text.Contains("down.bin", StringComparison.Ordinal));

        await ann.SendAsync(Make.Bytes(5000, seed: 5));
        await ann.SeesAsync("FILE_TRANSFER_COMPLETE:up.bin");
        Assert.Equal(20_000, (await ann.SavesAsync("down.bin")).Length);
        var message = await browser.UntilMessageAsync(m => m.Files is [{ Name: "up.bin", State: FileState.Ready }], Cancel);
        Assert.Equal(Make.Sha256([.. Make.Bytes(5000, seed: 5), .. Make.Bytes(5000, seed: 5)]), message.Files[0].Sha256);
    }

    [Fact]
    public async Task Large_file_is_announced_with_its_address()
    {
        await using var app = await RunningApp.StartAsync([.. GatewayFixture.Settings, "ChatShare:Gateway:PushLimitBytes=1000"]);
        await using var browser = await GatewayFixture.EnterAsync(app, "Generous");
        await using var ann = await OldClient.JoinAsync(app.Gateway!, "small");
        var upload = (await app.Get<UploadService>().BeginAsync(browser.Session, [Make.File("large file.bin", 1001)], Make.ClientId(), Cancel))[0];
        await upload.AppendAsync(0, new MemoryStream(Make.Bytes(1001)), Cancel);

        await ann.SeesAsync($"Generous shares large file.bin (1.0 KB): {app.Address}/files/{upload.Id}/large%20file.bin");
        Assert.Empty(ann.Files);
    }

    [Fact]
    public async Task Files_from_before_are_not_sent()
    {
        await using var browser = await fixture.EnterAsync("Early");
        var before = await fixture.ShareAsync(browser, "before.bin", Make.Bytes(1000, seed: 7));
        await using var ann = await OldClient.JoinAsync(fixture.Address, "newcomer");
        // Its message changes, which is not its coming.
        await fixture.App.Get<FileKeeping>().KeepAsync(before.Id, kept: true, browser.Session.Participant.Session, Cancel);
        await fixture.ShareAsync(browser, "after.bin", Make.Bytes(1000, seed: 8));
        await ann.SavesAsync("after.bin");

        Assert.DoesNotContain(ann.Read, text => text.Contains("before.bin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_touches_the_end_of_a_file_whose_reader_is_slow()
    {
        // Reads a little at a time: when the last byte is acknowledged, a good part of the file still lies in its buffer.
        await using var browser = await fixture.EnterAsync("Hurried");
        await using var ann = await OldClient.JoinAsync(fixture.Address, "snail");
        ann.Pace = TimeSpan.FromMilliseconds(1);
        var content = Make.Bytes(600_000, seed: 9);
        await fixture.ShareAsync(browser, "slow.bin", content);
        await browser.Session.SayAsync("behind it", Cancel);

        var saved = await ann.SavesAsync("slow.bin");
        Assert.Equal((content.Length, Make.Sha256(content)), ((int)saved.Length, saved.Sha256));
        await ann.SeesAsync("FILE_TRANSFER_COMPLETE:slow.bin");
        await ann.SeesAsync("Hurried: behind it");
    }

    /// <summary>200 MB in the long form: the browser's file to three clients at once, then one client's to the others, with talk all the time.</summary>
    [Fact]
    public async Task Files_and_twenty_messages_a_second_arrive_whole()
    {
        var length = Make.IsLong ? 200_000_000 : 4_000_000;
        await using var browser = await fixture.EnterAsync("Router");
        await using var cli = await OldClient.JoinAsync(fixture.Address, "one");
        await using var desktop = await OldClient.JoinAsync(fixture.Address, "two", answersReady: false);
        await using var third = await OldClient.JoinAsync(fixture.Address, "three");
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var talking = TalkAsync(browser, enough.Token);
        var content = Make.Bytes(length, seed: 10);
        await fixture.ShareAsync(browser, "from browser.bin", content);
        foreach (var reader in new[] { cli, desktop, third })
            await SavedAsync(reader, "from browser.bin", content);

        content = Make.Bytes(length, seed: 11);
        await third.SendFileAsync("from client.bin", content);
        foreach (var reader in new[] { cli, desktop })
            await SavedAsync(reader, "from client.bin", content);
        await third.SeesAsync("FILE_TRANSFER_COMPLETE:from client.bin");
        await enough.CancelAsync();
        var said = await talking;
        foreach (var reader in new[] { cli, desktop, third })
        {
            await reader.SeesAsync(text => text.EndsWith($"Router: talk {said - 1}", StringComparison.Ordinal));
            // A client that a busy machine does not let read finds two at a time, but not often.
            var reads = reader.Read.Where(text => text.StartsWith("Router:", StringComparison.Ordinal)).ToList();
            Assert.Equal(string.Concat(Enumerable.Range(0, said).Select(number => $"Router: talk {number}")), string.Concat(reads));
            Assert.InRange(reads.Count, said * 2 / 3, said);
            Assert.Equal(0, reader.Ignored);
        }
    }

    private static async Task SavedAsync(OldClient reader, string name, byte[] content)
    {
        var saved = await reader.SavesAsync(name);
        Assert.Equal((content.Length, Make.Sha256(content)), ((int)saved.Length, saved.Sha256));
        await reader.SeesAsync($"FILE_TRANSFER_COMPLETE:{name}");
    }

    private static async Task<int> TalkAsync(RoomReader sender, CancellationToken enough)
    {
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var number = 0; ; number++)
        {
            await sender.Session.SayAsync($"talk {number}", Cancel);
            try
            {
                await beat.WaitForNextTickAsync(enough);
            }
            catch (OperationCanceledException) when (enough.IsCancellationRequested)
            {
                return number + 1;
            }
        }
    }
}
