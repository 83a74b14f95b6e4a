using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Rooms;

public sealed class RoomSessionTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Sent_message_comes_to_every_reader_and_to_its_sender_with_one_number()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = new RoomReader(await host.EnterAsync("anna", token));
        await using var bert = new RoomReader(await host.EnterAsync("bert", token));
        await using var cleo = new RoomReader(await host.EnterAsync("cleo", token));

        var sent = await anna.Session.SayAsync("hello", token);

        foreach (var reader in new[] { anna, bert, cleo })
        {
            var seen = await reader.UntilMessageAsync(_ => true, token);
            Assert.Same(sent, seen);
        }

        Assert.Equal(("hello", "anna", Door.Browser, 1L, 1L), (sent.Text, sent.Sender, sent.Door, sent.Number, sent.Ordinal));
        Assert.Equal(anna.Session.Participant.Session.PersonId, sent.PersonId);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Two_rooms_count_for_themselves_and_do_not_hear_each_other()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var garden = await host.CreateRoomAsync("garden", anna, token);
        await using var inLobby = new RoomReader(await host.EnterAsync(anna, token));
        await using var inGarden = new RoomReader(await host.EnterAsync(anna, token, garden));

        // Sent together, so that they meet in one transaction.
        await Task.WhenAll(
            inLobby.Session.SayAsync("l1", token), inGarden.Session.SayAsync("g1", token), inLobby.Session.SayAsync("l2", token));

        await inLobby.UntilChangeAsync(2, token);
        await inGarden.UntilChangeAsync(1, token);
        Assert.Equal([("l1", 1L), ("l2", 2L)], inLobby.Messages.Select(m => (m.Text, m.Number)));
        Assert.Equal([("g1", 1L)], inGarden.Messages.Select(m => (m.Text, m.Number)));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Sending_too_fast_is_refused_with_a_time_and_goes_on_after_it()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:MessagesPerSecond", "5"));
        await using var session = await host.EnterAsync("anna", token);
        await using var other = await host.EnterAsync("bert", token);
        var taken = 0;
        RefusedException? refused = null;
        while (refused is null)
        {
            try
            {
                await session.SayAsync("again", token);
                taken++;
            }
            catch (RefusedException e)
            {
                refused = e;
            }

            Assert.True(taken < 60, "There is no limit.");
        }

        Assert.True(taken >= 10, "Twice as many at once are allowed.");
        Assert.Equal(RefusalKind.TooFast, refused.Kind);
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(2));
        // A limit is a person's own.
        await other.SayAsync("unhurt", token);
        await TestClock.UntilAsync(refused.RetryAfter.Value * 2, token);
        await session.SayAsync("later", token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Ended_session_sends_nothing_reads_nothing_and_its_events_end()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var reader = new RoomReader(await host.EnterAsync("anna", token));
        await reader.UntilAsync(e => e is RoomEvent.TypingChanged, token);
        var participant = reader.Session.Participant;

        await host.Sessions.EndAsync(participant.Session.Id, "You were disconnected.", token);

        await reader.Ended.WaitAsync(token);
        foreach (var act in new Func<Task>[]
        {
            () => reader.Session.SayAsync("more", token),
            () => reader.Session.ReadBeforeAsync(10, 10, token),
            () => reader.Session.ReadAfterAsync(0, 10, token),
            () => host.Rooms.JoinAsync(host.Lobby, participant, null, token),
            () => host.CreateRoomAsync("mine", participant.Session, token),
        })
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(act);
            Assert.Equal((RefusalKind.SessionEnded, "You were disconnected."), (refused.Kind, refused.Message));
        }

        Assert.Empty(await host.AllAsync(host.Lobby, token));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Events_end_when_the_reader_leaves_or_gives_up_at_any_moment()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        // Many times, because the end may meet the reader just before it begins to wait.
        for (var i = 0; i < 10_000; i++)
        {
            using var giveUp = new CancellationTokenSource();
            var session = await host.EnterAsync(anna, token);
            var hasBegun = new TaskCompletionSource();
            var reading = Task.Run(async () =>
            {
                // The end comes on another thread as soon as this one goes back to look for more.
                await foreach (var _ in session.Events(giveUp.Token))
                    hasBegun.TrySetResult();
            }, token);
            await hasBegun.Task;
            Thread.SpinWait(i % 100);
            if (i % 2 == 0)
                await session.DisposeAsync();
            else
                await giveUp.CancelAsync();
            await reading.WaitAsync(Make.PatienceForOne, token);
            await session.DisposeAsync();
            session.Participant.Dispose();
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Backlog_is_the_newest_page_ascending_and_pages_lead_to_the_first_message()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using (var early = await host.EnterAsync("anna", token))
        {
            Assert.Empty(early.Backlog.Messages);
            await Task.WhenAll(Enumerable.Range(1, 350).Select(i => early.SayAsync($"{i}", token)));
        }

        // Once from memory, once from the database.
        for (var restart = 0; restart < 2; restart++)
        {
            await using var session = await host.EnterAsync($"reader {restart}", token);
            Assert.Equal(Numbers(251, 350), session.Backlog.Messages.Select(m => m.Number));
            Assert.Equal(350, session.Backlog.LastNumber);
            Assert.Equal(Numbers(151, 250), (await session.ReadBeforeAsync(251, 100, token)).Select(m => m.Number));
            Assert.Equal(Numbers(1, 50), (await session.ReadBeforeAsync(51, 100, token)).Select(m => m.Number));
            Assert.Empty(await session.ReadBeforeAsync(1, 100, token));
            Assert.Equal(Numbers(11, 30), (await session.ReadAfterAsync(10, 20, token)).Select(m => m.Number));
            Assert.Equal(Numbers(341, 350), (await session.ReadAfterAsync(340, 20, token)).Select(m => m.Number));
            Assert.Equal(350, host.Lobby.NewestMessage);
            Assert.Equal(Numbers(348, 350), host.Lobby.Newest(3).Select(m => m.Number));
            await session.DisposeAsync();
            await host.RestartAsync(token);
        }
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(0)]
    [InlineData(37)]
    [InlineData(699)]
    [InlineData(700)]
    public async Task Joining_behind_a_number_gives_exactly_what_came_after_it(long after)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var writer = await host.EnterAsync("anna", token);
        await Task.WhenAll(Enumerable.Range(1, 700).Select(i => writer.SayAsync($"{i}", token)));

        await using var reader = new RoomReader(await host.EnterAsync("bert", token, afterNumber: after));
        Assert.Empty(reader.Session.Backlog.Messages);
        await writer.SayAsync("last", token);
        await reader.UntilChangeAsync(701, token);
        Assert.Equal(Numbers(after + 1, 701), reader.Messages.Select(m => m.Number));
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Batches_keep_the_frame_interval_also_when_the_reader_is_busy_with_each(bool isBusy)
    {
        var token = TestContext.Current.CancellationToken;
        var frame = TimeSpan.FromMilliseconds(200);
        await using var host = await CoreHost.StartAsync(token);
        await using var writer = await host.EnterAsync("anna", token);
        await using var session = await host.EnterAsync("bert", token);
        session.FrameInterval = frame;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        // Often, but not more in a frame than the room keeps for its readers: who has to catch up is in a hurry.
        var writing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await writer.SayAsync("more", token);
                await TestClock.UntilAsync(TimeSpan.FromMilliseconds(5), token);
            }
        }, token);

        var count = 0;
        var began = 0L;
        await foreach (var batch in session.Events(token))
        {
            if (batch.OfType<RoomEvent.MessageChanged>().LastOrDefault() is not { } last)
                continue;
            if (count++ == 0)
                began = TimeProvider.System.GetTimestamp();
            if (count == 12)
                break;
            // A page that is drawn; when it is done, there is something new.
            while (isBusy && host.Lobby.LastNumber == last.Message.Number)
                await Task.Yield();
        }

        var elapsed = TimeProvider.System.GetElapsedTime(began);
        await stop.CancelAsync();
        await writing;
        // The first two may lie close together: the reader had not waited before.
        Assert.True(elapsed > frame * 9.5, $"12 batches in {elapsed}.");
    }

    private static IEnumerable<long> Numbers(long first, long last) =>
        Enumerable.Range(0, (int)(last - first + 1)).Select(i => first + i);
}
