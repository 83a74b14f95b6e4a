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
    public async Task Nodes_that_look_at_the_same_moment_do_not_take_each_other_for_a_fault()
    {
        await using var host = await CoreHost.StartAsync(TestContext.Current.CancellationToken);
        var health = host.Get<DownloadsHealth>();

        var looks = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 300).All(_ => health.Look()))));

        Assert.DoesNotContain(false, looks);
        Assert.False(File.Exists(Path.Combine(host.Downloads, "partial", DownloadStore.ProbeName)));
    }
}
