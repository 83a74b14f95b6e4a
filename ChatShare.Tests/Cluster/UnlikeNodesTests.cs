using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cluster;

/// <summary>Nodes of one database that are not alike: by their settings, their version, their clock.</summary>
public sealed class UnlikeNodesTests : IDisposable
{
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public UnlikeNodesTests() => _patience.CancelAfter(Make.Patience);

    private CancellationToken Cancel => _patience.Token;

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task A_node_that_is_set_differently_says_so_in_one_line_that_names_the_settings_and_no_secret()
    {
        await using var nodes = await Nodes.StartAsync();
        Assert.Empty(nodes[1].Errors);
        using var other = new TemporaryFolder();

        var different = await nodes.AddAsync(
            ("Limits:FileBytes", "1000"), ("Scan:Command", "/bin/true"), ("Scan:Arguments:0", "hidden"), ("Cluster:Redis", nodes.Redis.Address + ",name=hidden"));
        // The same folder by another way.
        var link = other.File("link");
        Directory.CreateSymbolicLink(link, nodes[0].Downloads);
        await nodes[2].StopAsync(Cancel);
        var same = await nodes.AddAsync(("Downloads:Directory", link));

        var line = Assert.Single(different.Errors);
        Assert.Contains("ChatShare:Scan:Command, ChatShare:Scan:Arguments, ChatShare:Limits:FileBytes", line, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", line, StringComparison.Ordinal);
        Assert.DoesNotContain("/bin/true", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Redis", line, StringComparison.Ordinal);
        // The one before it is another than the others.
        Assert.DoesNotContain("PartialFileHours", Assert.Single(same.Errors), StringComparison.Ordinal);
        Assert.Empty((await nodes.AddAsync()).Errors);
        // Alone, a node may change as it likes.
        for (var i = 0; i < 5; i++)
            await nodes[i].StopAsync(Cancel);
        Assert.Empty((await nodes.AddAsync(("Limits:FileBytes", "2000"))).Errors);
    }

    [Fact]
    public async Task A_node_with_a_downloads_folder_of_its_own_does_not_become_one()
    {
        await using var nodes = await Nodes.StartAsync(1);
        using var other = new TemporaryFolder();
        var own = other.File("downloads");

        var refused = await Assert.ThrowsAsync<StorageException>(() => nodes.AddAsync(("Downloads:Directory", own)));

        Assert.Contains($"The downloads folder {own} (ChatShare:Downloads:Directory)", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        // A mount may come yet, and nothing is written where it will be.
        Assert.True(refused.MayPass);
        Assert.False(Directory.Exists(own));
    }

    [Fact]
    public async Task Nodes_that_are_older_than_the_database_go_on_are_not_ready_and_are_not_started_again()
    {
        await using var nodes = await Nodes.StartAsync();
        await using var ann = await nodes[0].EnterAsync("Ann", Cancel);
        await using var bo = new RoomReader(await nodes[1].EnterAsync("Bo", Cancel));
        await ann.SayAsync("before", Cancel);
        Assert.True(await nodes[0].Get<Database>().AnswersAsync(Cancel));

        // What a newer node does while these run.
        await PostgreSqlServer.AskAsync(nodes.Database, """
            BEGIN;
            ALTER TABLE "Messages" ADD COLUMN "Later" text;
            ALTER TABLE "Files" ADD COLUMN "Later" bigint NOT NULL DEFAULT 0;
            CREATE TABLE "Later" ("Id" int PRIMARY KEY);
            INSERT INTO "__EFMigrationsHistory" VALUES ('29990101000000_FromTheFuture', '99.0.0');
            COMMIT
            """);
        await ann.SayAsync("after", Cancel);
        await nodes[1].ShareAsync(bo.Session, "a.bin", [1, 2, 3], Cancel);

        await bo.UntilMessageAsync(message => message.Files is [{ State: FileState.Ready }], Cancel);
        Assert.Equal(["before", "after", ""], (await nodes[1].AllAsync(nodes[1].Lobby, Cancel)).Select(message => message.Text));
        for (var i = 0; i < 2; i++)
        {
            Assert.False(await nodes[i].Get<Database>().AnswersAsync(Cancel));
            Assert.False(await nodes[i].Get<Database>().AnswersAsync(Cancel));
            Assert.Contains("29990101000000_FromTheFuture", Assert.Single(nodes[i].Errors), StringComparison.Ordinal);
        }

        var refused = await Assert.ThrowsAsync<StorageException>(() => nodes.AddAsync());
        Assert.Contains("newer ChatShare", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(-7)]
    [InlineData(24 * 40)]
    public async Task Clocks_that_differ_change_no_order_end_no_upload_and_free_no_name(int hours)
    {
        await using var nodes = await Nodes.StartAsync(1);
        // Both have run for longer than a name is held.
        nodes[0].Clock.Advance(TimeSpan.FromHours(30));
        await nodes.AddAsync();
        nodes[1].Clock.Advance(TimeSpan.FromHours(30));
        nodes[1].Clock.Jump(TimeSpan.FromHours(hours));
        await using var bo = new RoomReader(await nodes[1].EnterAsync("Bo", Cancel));
        var ann = await nodes[0].EnterAsync("Ann", Cancel);
        var cleo = await nodes[1].EnterAsync("Cleo", Cancel);

        var texts = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            texts.Add($"{i}");
            await (i % 2 == 0 ? ann : cleo).SayAsync(texts[^1], Cancel);
        }

        await bo.UntilMessageAsync(message => message.Text == texts[^1], Cancel);
        Assert.Equal(texts, bo.Messages.Select(message => message.Text));
        Assert.Equal(texts, (await nodes[0].AllAsync(nodes[0].Lobby, Cancel)).Select(message => message.Text));

        // What one has begun and the other goes on with, waits there.
        var upload = await nodes[0].OfferAsync(ann, "a.bin", 4, Cancel);
        await upload.AppendAsync(0, new MemoryStream([1, 2]), Cancel);
        var annThere = await nodes.FindAsync(1, ann.Participant.Session);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await nodes[1].Uploads.FindOwnAsync(upload.Id, annThere, Cancel)).Upload is { Received: 2 };
            }
            catch (RefusedException refused) when (refused.Kind == RefusalKind.Elsewhere)
            {
                return false;
            }
        });
        await nodes[1].SweepUploadsAsync();
        Assert.Equal(upload.Id, Assert.Single(nodes[1].Uploads.Active).Id);

        // Names of people who are away are theirs, at whichever node they were last and somebody else asks.
        ann.Participant.Dispose();
        cleo.Participant.Dispose();
        await Eventually.TrueAsync(() => Task.FromResult(nodes[0].Connected.List() is [{ Nickname: "Bo" }] && nodes[1].Connected.List() is [{ Nickname: "Bo" }]));
        Assert.Equal(RefusalKind.Taken, (await Assert.ThrowsAsync<RefusedException>(() => nodes[1].JoinAsync("Ann", Cancel))).Kind);
        Assert.Equal(RefusalKind.Taken, (await Assert.ThrowsAsync<RefusedException>(() => nodes[0].JoinAsync("Cleo", Cancel))).Kind);
        Assert.NotNull(await nodes[1].Sessions.FindAsync(ann.Participant.Session.Id, Cancel));
    }
}
