using ChatShare.Cli;
using ChatShare.Cli.Http;
using ChatShare.Cli.Transfers;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cli;

/// <summary>What can be sent as a file, and where to.</summary>
public sealed class SentFileTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Pipes_devices_and_what_the_system_makes_up_are_refused_at_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The paths are Linux's.");
        Assert.False(TestContext.Current.CancellationToken.IsCancellationRequested);
        using var folder = new TemporaryFolder();
        var pipe = folder.File("pipe");
        await Command.RequireAsync("mkfifo", pipe);

        // Nobody writes into the pipe: whoever opens it waits for ever.
        foreach (var path in new[] { pipe, "/dev/zero", "/dev/null", "/proc/version" })
        {
            var failure = Assert.Throws<Failure>(() => SentFile.Open(path));
            Assert.Equal((ExitCode.LocalFile, true), (failure.Code, failure.Message.Contains("no ordinary file", StringComparison.Ordinal)));
        }

        foreach (var path in new[] { folder.File(""), folder.File("nowhere") })
            Assert.DoesNotContain("no ordinary file", Assert.Throws<Failure>(() => SentFile.Open(path)).Message, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(folder.File("empty"), [], TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(folder.File("link"), folder.File("empty"));
        using var empty = SentFile.Open(folder.File("link"));
        Assert.Equal(0, empty.Size);
    }

    [Theory]
    [InlineData("host:5080", "http://host:5080")]
    [InlineData("https://host/chat/", "https://host/chat")]
    [InlineData("http://host:5080/rooms/Lobby", "http://host:5080")]
    [InlineData("https://host/chat/rooms/New%20ideas?at=7", "https://host/chat")]
    public void Address_is_read_as_people_write_it(string written, string address)
    {
        Assert.True(ServerAddress.TryParse(written, out var read));
        Assert.Equal(address, ServerAddress.Text(read));
    }
}
