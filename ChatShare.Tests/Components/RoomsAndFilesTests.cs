using Bunit;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Admin;
using Microsoft.EntityFrameworkCore;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class RoomsAndFilesTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Rooms_are_counted_and_files_come_largest_first()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        var who = bo.Participant.Session;
        await using var workshop = await core.EnterAsync(who, token, await core.CreateRoomAsync("Workshop", who, token));
        await bo.SayAsync("hello", token);
        await core.ShareAsync(bo, "small.bin", Make.Bytes(10), token);
        await core.ShareAsync(bo, "large.bin", Make.Bytes(3000, seed: 2), token);
        await core.ShareAsync(workshop, "middle.bin", Make.Bytes(2000, seed: 3), token);
        await core.OfferAsync(bo, "unfinished.bin", 2500, token);

        var page = circuit.Render<RoomsAndFiles>();

        await page.WaitForAssertionAsync(() => Assert.Equal(["large.bin", "unfinished.bin", "middle.bin", "small.bin"], page.Column("Files", "File")));
        Assert.Equal(["Lobby", "Lobby", "Workshop", "Lobby"], page.Column("Files", "Room"));
        Assert.All(page.Column("Files", "Sender"), sender => Assert.Equal("Bo", sender));
        Assert.Equal(
            [("Lobby", "4", "2", ByteSize.Format(3010)), ("Workshop", "1", "1", ByteSize.Format(2000))],
            page.Rows("Rooms").Select(row => (row["Room"], row["Messages"], row["Files"], row["Size"])));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Lists_follow_what_happens_and_how_far_a_file_is()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        await using var bo = await core.EnterAsync("Bo", token);
        var page = circuit.Render<RoomsAndFiles>();
        await page.PressAsync("Messages of Lobby");
        await page.WaitForAssertionAsync(() => Assert.Contains("No files yet.", page.Markup, StringComparison.Ordinal));

        // Nobody touches the page from here on.
        await bo.SayAsync("hello", token);
        await core.CreateRoomAsync("Workshop", bo.Participant.Session, token);
        await page.WaitForAssertionAsync(() => Assert.Equal(["hello"], page.Column("Messages of Lobby", "Message")));
        await page.WaitForAssertionAsync(() => Assert.Equal([("Lobby", "1"), ("Workshop", "0")], page.Rows("Rooms").Select(row => (row["Room"], row["Messages"]))));

        var content = Make.Bytes(10_000);
        var upload = await core.OfferAsync(bo, "plan.pdf", content.Length, token);
        await page.WaitForAssertionAsync(() => Assert.Equal($"{ByteSize.Format(0)} of {ByteSize.Format(10_000)}", Size()));
        await upload.AppendAsync(0, new MemoryStream(content[..2500]), token);
        await page.WaitForAssertionAsync(() => Assert.Equal($"{ByteSize.Format(2500)} of {ByteSize.Format(10_000)}", Size()));
        Assert.Equal(["0", "0"], page.Column("Rooms", "Files"));
        await upload.AppendAsync(2500, new MemoryStream(content[2500..]), token);
        await page.WaitForAssertionAsync(() => Assert.Equal(ByteSize.Format(10_000), Size()));
        await page.WaitForAssertionAsync(() => Assert.Equal(["1", "0"], page.Column("Rooms", "Files")));

        await core.Get<Administration>().DeleteFileAsync(upload.File, root, token);
        await page.WaitForAssertionAsync(() => Assert.Empty(page.Column("Files", "File")));

        string Size() => page.Column("Files", "Size").Single();
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_comes_moves_no_row_from_under_the_pointer()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        await bo.SayAsync("one", token);
        await core.ShareAsync(bo, "small.bin", Make.Bytes(10), token);
        var page = circuit.Render<RoomsAndFiles>();
        await page.PressAsync("Messages of Lobby");
        await page.WaitForAssertionAsync(() => Assert.Equal(["small.bin", "one"], page.Column("Messages of Lobby", "Message")));

        await page.Find("[aria-label='Messages of Lobby'] tbody").PointerEnterAsync(new());
        await bo.SayAsync("two", token);
        await core.ShareAsync(bo, "large.bin", Make.Bytes(3000, seed: 2), token);
        await page.WaitForAssertionAsync(() => Assert.Equal(["small.bin", "one", "large.bin", "two"], page.Column("Messages of Lobby", "Message")));
        await page.WaitForAssertionAsync(() => Assert.Equal(["small.bin", "large.bin"], page.Column("Files", "File")));
        await page.Find("[aria-label='Messages of Lobby'] tbody").PointerLeaveAsync(new());

        Assert.Equal(["large.bin", "two", "small.bin", "one"], page.Column("Messages of Lobby", "Message"));
        Assert.Equal(["large.bin", "small.bin"], page.Column("Files", "File"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_can_be_stopped_from_the_list()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        var upload = await core.OfferAsync(bo, "endless.bin", 1000, token);
        var page = circuit.Render<RoomsAndFiles>();

        await page.PressAsync("Delete endless.bin");

        Assert.Equal(FileState.Cancelled, upload.File.State);
        await page.WaitForAssertionAsync(() => Assert.Empty(page.Column("Files", "File")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Deleted_rows_stay_in_their_places_for_a_second_each()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var clock = new StillClock();
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token), clock);
        await using var bo = await core.EnterAsync("Bo", token);
        foreach (var (name, length) in new[] { ("a.txt", 30), ("b.txt", 20), ("c.txt", 10) })
            await core.ShareAsync(bo, name, Make.Bytes(length, seed: length), token);
        var page = circuit.Render<RoomsAndFiles>();

        await page.PressAsync("Delete b.txt");
        clock.Advance(TimeSpan.FromSeconds(0.6));
        await page.PressAsync("Delete a.txt");
        // What is read anew meanwhile moves nothing under the pointer.
        await page.PressAsync("Messages of Lobby");
        Assert.Equal(["a.txt", "b.txt", "c.txt"], page.Column("Files", "File"));

        clock.Advance(TimeSpan.FromSeconds(0.4));
        await page.WaitForAssertionAsync(() => Assert.Equal(["a.txt", "c.txt"], page.Column("Files", "File")));
        clock.Advance(TimeSpan.FromSeconds(0.6));
        await page.WaitForAssertionAsync(() => Assert.Equal(["c.txt"], page.Column("Files", "File")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_deleted_file_leaves_the_list_the_disk_and_an_entry()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        await using var bo = await core.EnterAsync("Bo", token);
        await core.ShareAsync(bo, "secret.txt", Make.Bytes(10), token);
        await core.ShareAsync(bo, "other.txt", Make.Bytes(20, seed: 2), token);
        var page = circuit.Render<RoomsAndFiles>();
        await page.WaitForStateAsync(() => page.Column("Files", "File").Count == 2);

        await page.PressAsync("Delete secret.txt");

        await page.WaitForAssertionAsync(() => Assert.Equal(["other.txt"], page.Column("Files", "File")));
        Assert.Equal(["1"], page.Column("Rooms", "Files"));
        Assert.Equal([Make.Sha256(Make.Bytes(20, seed: 2))], core.Contents());
        var card = (await core.AllAsync(core.Lobby, token)).SelectMany(message => message.Files).Single(file => file.Name == "secret.txt");
        Assert.Equal(FileState.Deleted, card.State);
        var act = Assert.Single(await core.ActsAsync(root, token));
        Assert.Equal(("root", "Deleted file", "secret.txt"), (act.Actor, act.Action, act.Subject));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_deleted_message_leaves_the_list_and_the_audit_does_not_repeat_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        await using var bo = await core.EnterAsync("Bo", token);
        await bo.SayAsync("first", token);
        var rude = await bo.SayAsync("something rude", token);
        await bo.SayAsync("last", token);
        var page = circuit.Render<RoomsAndFiles>();

        await page.PressAsync("Messages of Lobby");
        await page.WaitForAssertionAsync(() => Assert.Equal(["last", "something rude", "first"], page.Column("Messages of Lobby", "Message")));
        await page.PressAsync($"Delete message {rude.Number} of Bo");

        await page.WaitForAssertionAsync(() => Assert.Equal(["last", "first"], page.Column("Messages of Lobby", "Message")));
        var deleted = (await core.AllAsync(core.Lobby, token)).Single(message => message.Number == rude.Number);
        Assert.Equal((true, ""), (deleted.Deleted, deleted.Text));
        var act = Assert.Single(await core.ActsAsync(root, token));
        Assert.Equal(("root", "Deleted message"), (act.Actor, act.Action));
        Assert.DoesNotContain("rude", act.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_another_administrator_took_away_first_is_refused_with_a_sentence()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        // Between two looks of the list.
        var clock = new StillClock();
        await using var circuit = new Circuit(core, root, clock);
        await using var bo = await core.EnterAsync("Bo", token);
        var message = await bo.SayAsync("something rude", token);
        var page = circuit.Render<RoomsAndFiles>();
        await page.PressAsync("Messages of Lobby");
        await page.WaitForStateAsync(() => page.Column("Messages of Lobby", "Message").Count == 1);

        await core.Get<Administration>().DeleteMessageAsync(core.Lobby, message, root, token);
        await page.PressAsync($"Delete message {message.Number} of Bo");

        await circuit.NoticeAsync("This message is not there any more.");
        // The list is read again, so that nobody tries it a third time.
        clock.Advance(TimeSpan.FromSeconds(1));
        await page.WaitForAssertionAsync(() => Assert.Empty(page.Column("Messages of Lobby", "Message")));
        Assert.Single(await core.ActsAsync(root, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_the_lists_do_not_hold_at_first_can_be_shown()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        await core.ShareAsync(bo, "a.bin", Make.Bytes(10), token);
        await using (var db = await core.OpenDatabaseAsync(token))
        {
            for (var i = 1; i <= 200; i++)
            {
                var row = await db.Files.AsNoTracking().SingleAsync(token);
                (row.Id, row.Name, row.Position) = (FileId.New().ToString(), $"{i}.bin", i);
                db.Files.Add(row);
            }

            await db.SaveChangesAsync(token);
        }

        for (var i = 1; i <= 100; i++)
            await bo.SayAsync($"message {i}", token);
        var page = circuit.Render<RoomsAndFiles>();
        await page.WaitForAssertionAsync(() => Assert.Equal(200, page.Column("Files", "File").Count));
        await page.PressAsync("Show more files");
        await page.WaitForAssertionAsync(() => Assert.Equal(201, page.Column("Files", "File").Distinct().Count()));
        await page.PressAsync("Messages of Lobby");
        await page.WaitForAssertionAsync(() => Assert.Equal(100, page.Column("Messages of Lobby", "Message").Count));

        await page.PressAsync("Show more messages");

        await page.WaitForAssertionAsync(() => Assert.StartsWith("a.bin", page.Column("Messages of Lobby", "Message")[^1], StringComparison.Ordinal));
        Assert.Empty(page.AllNamed("button", "Show more messages"));
        Assert.Empty(page.AllNamed("button", "Show more files"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Messages_of_another_room_take_the_place_of_the_first()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        var who = bo.Participant.Session;
        await using var workshop = await core.EnterAsync(who, token, await core.CreateRoomAsync("Workshop", who, token));
        await bo.SayAsync("in the lobby", token);
        await core.ShareAsync(workshop, "drill.stl", Make.Bytes(5), token);
        var page = circuit.Render<RoomsAndFiles>();

        await page.PressAsync("Messages of Lobby");
        await page.WaitForAssertionAsync(() => Assert.Equal(["in the lobby"], page.Column("Messages of Lobby", "Message")));
        await page.PressAsync("Messages of Workshop");

        // A message without words is known by its files.
        await page.WaitForAssertionAsync(() => Assert.Equal(["drill.stl"], page.Column("Messages of Workshop", "Message")));
        Assert.Empty(page.AllNamed("table", "Messages of Lobby"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Somebody_who_is_no_administrator_is_refused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Mallory", token));

        var refused = Assert.Throws<RefusedException>(() => circuit.Render<RoomsAndFiles>());

        Assert.Equal(RefusalKind.NotPermitted, refused.Kind);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_file_is_deleted_once()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root, new StillClock());
        await using var bo = await core.EnterAsync("Bo", token);
        var upload = await core.ShareAsync(bo, "a.txt", Make.Bytes(10), token);
        var page = circuit.Render<RoomsAndFiles>();
        await page.WaitForStateAsync(() => page.Column("Files", "File").Count == 1);
        await core.Get<Administration>().DeleteFileAsync(upload.File, root, token);

        await page.PressAsync("Delete a.txt");

        Assert.Single(await core.ActsAsync(root, token));
        await circuit.NoticeAsync("This file is not there any more.");
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_click_after_the_end_of_the_session_is_a_notice()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        await using var bo = await core.EnterAsync("Bo", token);
        await core.ShareAsync(bo, "a.txt", Make.Bytes(10), token);
        var page = circuit.Render<RoomsAndFiles>();
        await page.WaitForStateAsync(() => page.Column("Files", "File").Count == 1);
        await core.Sessions.EndPersonAsync(root.PersonId, "Night shift is over.", token);

        await page.PressAsync("Delete a.txt");

        await circuit.NoticeAsync("Night shift is over.");
    }
}
