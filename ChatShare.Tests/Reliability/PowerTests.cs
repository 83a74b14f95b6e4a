using System.Globalization;
using System.Text.RegularExpressions;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Reliability;

/// <summary>
/// What no kill can show: at a power failure only that is there which was synced. So the order of writing, syncing and acknowledging is
/// looked at from outside. And the one moment that a kill hits by chance alone, between the commit and the acknowledgement.
/// </summary>
public sealed partial class PowerTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Messages_are_synced_before_they_are_acknowledged()
    {
        Strace.Demand();
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        var recording = folder.File("strace");
        var count = Make.IsLong ? 5000 : 300;
        using (var server = new Victim(folder.File("server"), Strace.Recording(recording)))
        {
            await server.UntilReadyAsync(token);
            var unacknowledged = 0;
            for (var i = 0; i < count; i++)
            {
                // Alone, and many at a time.
                while (unacknowledged >= (i < 20 ? 1 : 50))
                {
                    Assert.NotNull(await server.ReadLineAsync(token));
                    unacknowledged--;
                }

                var id = string.Create(CultureInfo.InvariantCulture, $"m{i:D6}");
                await server.TrySendAsync($"{id}\ttext of {id}", token);
                unacknowledged++;
            }

            await server.EndAsync(token);
        }

        var acknowledgements = Strace.Acknowledgements(recording, MessageId());
        Assert.Equal(Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"m{i:D6}")), acknowledgements.Select(a => a.Id).Order(StringComparer.Ordinal));
        Assert.All(acknowledgements, a => Assert.True(a.WasDurable, $"{a.Id} was acknowledged before it was synced."));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_message_that_was_committed_and_not_acknowledged_is_sent_again_and_is_one()
    {
        Strace.Demand();
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        var root = folder.File("server");
        var committed = 0;
        for (var i = 0; committed == 0; i++)
        {
            Assert.True(i < 10, "No kill came between commit and acknowledgement.");
            var id = string.Create(CultureInfo.InvariantCulture, $"m{i}");
            using (var server = new Victim(root))
            {
                await server.UntilReadyAsync(token);
                using var killer = await Strace.KillAtSyncAsync(server.Id, Path.Combine(root, "data", "chatshare.db-wal"), token);
                await server.TrySendAsync($"{id}\tonce", token);
                Assert.Null(await server.ReadLineAsync(token));
                await server.UntilDeadAsync(token);
                await killer.WaitForExitAsync(token);
            }

            await using var host = await CoreHost.StartAtAsync(root, token);
            var before = (await host.AllAsync(host.Lobby, token)).SingleOrDefault(message => message.ClientId == id);
            // Something else may have been written at that moment.
            if (before is not null)
                committed++;
            await using var session = await host.EnterAsync(await CrashChild.PersonAsync(host, root, token), token);
            var again = await session.SendAsync(Make.Text("once"), id, token);
            Assert.Equal(before?.Number ?? again.Number, again.Number);
            Assert.Single(await host.AllAsync(host.Lobby, token), message => message.ClientId == id);
            Assert.Equal(i + 1, host.Lobby.LastNumber);
        }
    }

    [GeneratedRegex(@"m\d{6}", RegexOptions.None, 1000)]
    private static partial Regex MessageId();
}
