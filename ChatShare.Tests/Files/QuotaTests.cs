using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>What a person, a room and all together may have: counted from the announcement on, given back when it comes to nothing.</summary>
public sealed class QuotaTests
{
    [Theory(Timeout = Make.Patience)]
    [InlineData("Limits:PersonBytes")]
    [InlineData("Limits:RoomBytes")]
    [InlineData("Limits:TotalBytes")]
    public async Task Announcements_at_the_same_moment_do_not_pass_a_limit_together(string limit)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, (limit, "1000"));
        await using var anna = await host.EnterAsync("anna", token);
        var tries = Enumerable.Range(0, 60).Select(i => Task.Run(() => (i % 3) switch
        {
            0 => host.OfferAsync(anna, $"{i}", 100, token),
            1 => CreateAsync(host, anna, $"{i}", 100, batch: null),
            _ => CreateAsync(host, anna, $"{i}", 100, batch: "together"),
        })).ToList();

        var uploads = new List<Upload>();
        foreach (var one in tries)
        {
            try
            {
                uploads.Add(await one);
            }
            catch (RefusedException refused)
            {
                Assert.Equal(RefusalKind.DiskFull, refused.Kind);
            }
        }

        Assert.Equal(10, uploads.Count);
        Assert.Equal(10, (await host.AllAsync(host.Lobby, token)).Sum(message => message.Files.Length));
        await RefusedAsync(host, anna, 1);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_is_left_is_said_and_each_counts_for_itself()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:PersonBytes", "2000"), ("Limits:RoomBytes", "3000"), ("Limits:TotalBytes", "3500"));
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = await host.EnterAsync("bert", token);
        var other = await host.CreateRoomAsync("other", anna.Participant.Session, token);
        await using var carl = await host.EnterAsync("carl", token, other);
        var same = Make.Bytes(1500);
        await host.ShareAsync(anna, "a", same, token);

        Assert.Equal("You have 500 B left here; “x” takes 501 B.", await RefusedAsync(host, anna, 501));
        var two = await Assert.ThrowsAsync<RefusedException>(
            () => host.Uploads.BeginAsync(anna, [Make.File("x", 300), Make.File("y", 300)], Make.ClientId(), token));
        Assert.Equal("You have 500 B left here; these 2 files take 600 B.", two.Message);

        // The same bytes again, which take no place on the disk: they count for bert and the room as they did for anna.
        await host.ShareAsync(bert, "b", same, token);
        Assert.Single(host.Contents());
        Assert.Equal("This room has no space left for files; “x” takes 1 B.", await RefusedAsync(host, bert, 1));
        Assert.Equal("The server has 500 B left for files; “x” takes 501 B.", await RefusedAsync(host, carl, 501));
        await host.ShareAsync(carl, "c", new byte[500], token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_comes_to_nothing_or_is_deleted_is_given_back_and_a_restart_changes_nothing()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:PersonBytes", "1000"));
        var anna = await host.EnterAsync("anna", token);
        var me = anna.Participant.Session.Id;
        var root = await host.AdministratorAsync(token);
        await RefusedAsync(host, anna, 1001);

        var cancelled = await host.OfferAsync(anna, "cancelled", 1000, token);
        await RefusedAsync(host, anna, 1);
        await cancelled.CancelAsync(anna.Participant.Session, token);
        var failed = await host.OfferAsync(anna, "failed", 1000, token);
        await failed.FailAsync("It broke.", token);
        // An announcement that is refused for another reason takes nothing either.
        await Assert.ThrowsAsync<RefusedException>(() => host.Uploads.BeginAsync(anna, [Make.File("x", 1000)], "not an id", token));

        var file = await host.ShareAsync(anna, "file", new byte[400], token);
        var waiting = await host.OfferAsync(anna, "waiting", 500, token);
        await waiting.AppendAsync(0, new MemoryStream(new byte[10]), token);
        await anna.DisposeAsync();
        await host.RestartAsync(token);
        anna = await host.EnterAsync((await host.Sessions.FindAsync(me, token))!, token);
        Assert.StartsWith("You have 100 B left", await RefusedAsync(host, anna, 101), StringComparison.Ordinal);

        await host.Get<FileRemoval>().DeleteAsync(file.Id, root, token);
        Assert.StartsWith("You have 500 B left", await RefusedAsync(host, anna, 501), StringComparison.Ordinal);
        var message = (await host.AllAsync(host.Lobby, token)).Single(m => m.Files is [{ Name: "waiting" }]);
        await host.Get<FileRemoval>().DeleteMessageAsync(host.Lobby, message.Number, root, token);
        await host.ShareAsync(anna, "all", new byte[1000], token);
        await anna.DisposeAsync();
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Who_looks_sees_what_is_left_move()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:PersonBytes", "1000"));
        await using var anna = await host.EnterAsync("anna", token);
        await using var bert = await host.EnterAsync("bert", token);
        var root = await host.AdministratorAsync(token);
        await using var left = host.Get<Quota>().FollowLeftAsync(anna.Participant.Session, token).GetAsyncEnumerator(token);
        async Task UntilAsync(long bytes)
        {
            do
                Assert.True(await left.MoveNextAsync());
            while (left.Current != bytes);
        }

        await UntilAsync(1000);
        await host.ShareAsync(bert, "others", new byte[100], token);
        var upload = await host.OfferAsync(anna, "a", 300, token);
        await UntilAsync(700);
        await upload.CancelAsync(anna.Participant.Session, token);
        await UntilAsync(1000);
        var file = await host.ShareAsync(anna, "b", new byte[400], token);
        await UntilAsync(600);
        await host.Get<FileRemoval>().DeleteAsync(file.Id, root, token);
        await UntilAsync(1000);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Without_a_limit_there_is_nothing_to_look_at_and_an_ended_session_sees_nothing()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        await foreach (var left in host.Get<Quota>().FollowLeftAsync(anna, token))
            Assert.Fail($"{left} left of no limit.");
        await host.Sessions.EndPersonAsync(anna.PersonId, reason: null, token);
        await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            await foreach (var left in host.Get<Quota>().FollowLeftAsync(anna, token))
                Assert.Fail($"{left} left of no session.");
        });
    }

    private static Task<Upload> CreateAsync(CoreHost host, RoomSession session, string name, long length, string? batch) =>
        host.Uploads.CreateAsync(
            session.Room, session.Participant.Session, Door.Api, Make.File(name, length), batch, TestContext.Current.CancellationToken);

    private static async Task<string> RefusedAsync(CoreHost host, RoomSession session, long length)
    {
        var begin = await Assert.ThrowsAsync<RefusedException>(() => host.OfferAsync(session, "x", length, TestContext.Current.CancellationToken));
        var create = await Assert.ThrowsAsync<RefusedException>(() => CreateAsync(host, session, "x", length, batch: null));
        Assert.Equal((RefusalKind.DiskFull, RefusalKind.DiskFull), (begin.Kind, create.Kind));
        Assert.Equal(begin.Message, create.Message);
        return begin.Message;
    }
}
