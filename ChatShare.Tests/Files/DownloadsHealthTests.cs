using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>The small file by which a server sees whether its downloads folder can be written to.</summary>
public sealed class DownloadsHealthTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task What_a_killed_server_left_of_it_goes_with_the_next_look()
    {
        await using var host = await CoreHost.StartAsync(TestContext.Current.CancellationToken);
        var left = Path.Combine(host.Downloads, "partial", DownloadStore.ProbeName);
        await File.WriteAllBytesAsync(left, [], TestContext.Current.CancellationToken);

        Assert.True(host.Get<DownloadsHealth>().Look());

        Assert.False(File.Exists(left));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_can_be_called_off_while_the_folder_is_away()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var ann = await host.EnterAsync("Ann", token);
        var upload = await host.OfferAsync(ann, "half.bin", 10, token);
        await upload.AppendAsync(0, new MemoryStream(new byte[5]), token);
        Directory.Move(host.Downloads, host.Downloads + "-away");

        await upload.CancelAsync(ann.Participant.Session, token);

        Assert.Equal(FileState.Cancelled, (await host.AllAsync(host.Lobby, token))[0].Files[0].State);
        Assert.Empty(host.Uploads.Active);
        // What is left of it goes when it can.
        Directory.Move(host.Downloads + "-away", host.Downloads);
        await host.RestartAsync(token);
        Assert.Empty(host.PartialFiles());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_of_an_earlier_run_is_taken_up_when_the_folder_is_there_again()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var ann = await host.EnterAsync("Ann", token);
        var upload = await host.OfferAsync(ann, "half.bin", 10, token);
        await upload.AppendAsync(0, new MemoryStream(new byte[5]), token);
        var who = ann.Participant.Session.Id;
        await ann.DisposeAsync();
        await host.StopAsync(token);
        // What nobody can write to, whoever runs the tests.
        var inTheWay = Path.Combine(host.Downloads, "partial", DownloadStore.ProbeName);
        Directory.CreateDirectory(inTheWay);
        await host.StartAgainAsync(token);
        var again = (await host.Sessions.FindAsync(who, token))!;

        var refused = await Assert.ThrowsAsync<RefusedException>(() => host.Uploads.FindOwnAsync(upload.Id, again, token));
        Assert.Equal(RefusalKind.NotYet, refused.Kind);
        Directory.Delete(inTheWay);
        var taken = host.Uploads.Find(upload.Id)!;
        await taken.TakenUp.WaitAsync(token);

        Assert.Equal((5, FileState.Uploading), (taken.Received, taken.File.State));
        Assert.Same(taken, (await host.Uploads.FindOwnAsync(upload.Id, again, token)).Upload);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Nodes_that_look_at_the_same_moment_do_not_take_each_other_for_a_fault()
    {
        await using var host = await CoreHost.StartAsync(TestContext.Current.CancellationToken);
        var health = host.Get<DownloadsHealth>();

        var looks = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 300).All(_ => health.Look()))));

        Assert.DoesNotContain(false, looks);
        Assert.False(File.Exists(Path.Combine(host.Downloads, "partial", DownloadStore.ProbeName)));
    }
}
