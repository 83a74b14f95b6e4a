using System.Collections.Concurrent;
using ChatShare.Core;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Messages;

public sealed class MessageLogTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Many_writers_at_once_get_gap_free_numbers_in_the_order_of_the_commits()
    {
        const int writers = 32;
        const int each = 30;
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var reader = new RoomReader(await host.EnterAsync("reader", token));
        var acknowledged = new ConcurrentQueue<(int Writer, int Turn, long Number)>();

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            await using var session = await host.EnterAsync($"writer {writer}", token);
            var before = 0L;
            for (var turn = 0; turn < each; turn++)
            {
                var message = await session.SayAsync($"{turn}", token);
                Assert.True(message.Number > before, "A message that was sent after another one has a lower number.");
                before = message.Number;
                acknowledged.Enqueue((writer, turn, message.Number));
            }
        }, token)));

        var all = Enumerable.Range(1, writers * each).Select(n => (long)n).ToList();
        Assert.Equal(all, acknowledged.Select(a => a.Number).Order());
        await reader.UntilChangeAsync(all.Count, token);
        Assert.Equal(all, reader.Messages.Select(message => message.Changed));
        var log = await host.AllAsync(host.Lobby, token);
        Assert.Equal(all, log.Select(message => message.Number));
        Assert.Equal(all, log.Select(message => message.Ordinal));
        Assert.All(
            log.GroupBy(message => message.PersonId),
            own => Assert.Equal(Enumerable.Range(0, each).Select(turn => $"{turn}"), own.Select(message => message.Text)));
        Assert.Empty(host.Errors);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Newest_messages_are_read_while_somebody_else_writes()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Storage:Provider", "Sqlite"));
        await using var session = await host.EnterAsync("anna", token);
        await session.SayAsync("said", token);
        await using var db = await host.OpenDatabaseAsync(token);
        // The only one who may write.
        await using var writing = await db.Database.BeginTransactionAsync(token);

        var (messages, last) = await host.Log.NewestAsync(host.Lobby, 10, token);

        Assert.Equal(("said", 1), (Assert.Single(messages).Text, last));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Message_is_durable_before_anybody_sees_it_and_visible_before_its_sender_is_told()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var reader = await host.EnterAsync("reader", token);
        await using var sender = await host.EnterAsync("sender", token);
        await using var db = await host.OpenDatabaseAsync(token);
        var watching = WatchAsync();
        for (var i = 0; i < 50; i++)
        {
            var message = await sender.SayAsync($"{i}", token);
            Assert.Same(message, host.Lobby.FindRecent(message.Number));
        }

        await watching;

        async Task WatchAsync()
        {
            var seen = 0;
            await foreach (var batch in reader.Events(token))
            {
                foreach (var message in batch.OfType<RoomEvent.MessageChanged>().Select(e => e.Message))
                {
                    Assert.True(await db.Messages.AnyAsync(row => row.Number == message.Number, token), "Seen, and not in the database.");
                    seen++;
                }

                if (seen == 50)
                    return;
            }
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Same_client_id_at_once_and_again_and_after_a_restart_is_one_message()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var session = await host.EnterAsync(anna, token);
        await using (var reader = new RoomReader(await host.EnterAsync("reader", token)))
        {
            var tries = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => session.SendAsync(Make.Text($"try {i}"), "same", token)));
            Assert.Single(tries.Select(message => (message.Number, message.Text)).Distinct());
            var later = await session.SendAsync(Make.Text("much later"), "same", token);
            Assert.Equal((tries[0].Number, tries[0].Text), (later.Number, later.Text));
            var next = await session.SayAsync("next", token);
            Assert.Equal(2, next.Number);
            await reader.UntilChangeAsync(next.Number, token);
            Assert.Equal([1L, 2L], reader.Messages.Select(message => message.Number));
        }

        await session.DisposeAsync();
        await host.RestartAsync(token);
        await using var again = await host.EnterAsync((await host.Sessions.FindAsync(anna.Id, token))!, token);
        Assert.Equal(1, (await again.SendAsync(Make.Text("after a restart"), "same", token)).Number);
        // The id is the sender's own: in another room, and from another person, it is another message.
        await using var other = await host.EnterAsync("other", token);
        Assert.Equal(3, (await other.SendAsync(Make.Text("mine"), "same", token)).Number);
        var room = await host.CreateRoomAsync("elsewhere", again.Participant.Session, token);
        await using var elsewhere = await host.EnterAsync(again.Participant.Session, token, room);
        Assert.Equal(1, (await elsewhere.SendAsync(Make.Text("here"), "same", token)).Number);
        Assert.Equal(3, (await host.AllAsync(host.Lobby, token)).Count);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task After_a_restart_everything_is_there_and_numbers_go_on()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        IReadOnlyList<ChatMessage> before;
        string epoch;
        await using (var session = await host.EnterAsync("anna", token))
        {
            for (var i = 0; i < 20; i++)
                await session.SayAsync($"message {i}\nsecond line 😀", token);
            before = await host.AllAsync(host.Lobby, token);
            epoch = session.Backlog.Epoch;
        }

        await host.RestartAsync(token);
        await using var reader = new RoomReader(await host.EnterAsync("bert", token));
        Assert.Equal(before.Select(Describe), reader.Session.Backlog.Messages.Select(Describe));
        Assert.Equal(epoch, reader.Session.Backlog.Epoch);
        Assert.Equal(20, reader.Session.Backlog.LastNumber);
        var next = await reader.Session.SayAsync("next", token);
        Assert.Equal((21L, 21L), (next.Number, next.Ordinal));
        await reader.UntilChangeAsync(21, token);
        Assert.Equal([21L], reader.Messages.Select(message => message.Number));
        Assert.Empty(host.Errors);

        static object Describe(ChatMessage m) => (m.Number, m.Changed, m.Ordinal, m.PersonId, m.Sender, m.Door, m.SentAt, m.Text, m.ClientId);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Stopping_while_messages_wait_writes_or_refuses_each_and_logs_no_error()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        await using var reader = await host.EnterAsync("reader", token);
        var reading = ReadToTheEndAsync();
        await using var session = await host.EnterAsync(anna, token);
        await session.SayAsync("first", token);
        var sends = Enumerable.Range(0, 3000).Select(i => session.SendAsync(Make.Text($"{i}"), $"c{i}", token)).ToList();
        await host.StopAsync(token);

        var written = new List<long>();
        foreach (var send in sends)
        {
            try
            {
                written.Add((await send).Number);
            }
            catch (RefusedException refused)
            {
                Assert.Equal(RefusalKind.Conflict, refused.Kind);
            }
        }

        // Whoever still reads is not left waiting for a server that is gone.
        await reader.DisposeAsync();
        await reading.WaitAsync(token);
        await host.StartAgainAsync(token);
        Assert.Equal(written.Prepend(1), (await host.AllAsync(host.Lobby, token)).Select(message => message.Number));
        Assert.Empty(host.Errors);

        async Task ReadToTheEndAsync()
        {
            try
            {
                await foreach (var _ in reader.Events(token))
                {
                    // What comes is looked at by other tests.
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
            {
                // It was behind, and the log from which it would have read on is closed.
                return;
            }
        }
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("ü")]
    [InlineData("\t")]
    [InlineData("\u007f")]
    [InlineData("😀")]
    public async Task Client_id_of_other_characters_is_refused(string clientId)
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var session = await host.EnterAsync("anna", token);
        foreach (var bad in new[] { clientId, new string('a', 65) })
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => session.SendAsync(Make.Text("x"), bad, token));
            Assert.Equal(RefusalKind.Invalid, refused.Kind);
        }

        Assert.Equal(1, (await session.SendAsync(Make.Text("x"), new string('a', 64), token)).Number);
    }
}
