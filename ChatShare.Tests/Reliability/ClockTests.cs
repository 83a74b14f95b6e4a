using System.Globalization;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Reliability;

/// <summary>Somebody sets the clock of the machine: nothing ends early by it, nothing lives on, and the order is that of the numbers.</summary>
public sealed class ClockTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_keep_their_order_and_numbers_whatever_the_clock_shows()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        await using var bert = new RoomReader(await host.EnterAsync("bert", Cancel));
        var jumps = new[] { Day, -2 * Day, Day, -Day, 2 * Day };
        for (var i = 0; i < jumps.Length; i++)
        {
            await anna.SayAsync(i.ToString(CultureInfo.InvariantCulture), Cancel);
            host.Clock.Jump(jumps[i]);
        }

        var last = await anna.SayAsync("last", Cancel);
        await bert.UntilChangeAsync(last.Number, Cancel);
        string[] texts = ["0", "1", "2", "3", "4", "last"];
        Assert.Equal(texts, bert.Messages.Select(message => message.Text));
        var log = await host.AllAsync(host.Lobby, Cancel);
        Assert.Equal(texts, log.Select(message => message.Text));
        Assert.Equal([1, 2, 3, 4, 5, 6], log.Select(message => message.Number));
        Assert.NotEqual(log.Select(message => message.Number), log.OrderBy(message => message.SentAt).Select(message => message.Number));
        await using var cleo = await host.EnterAsync("cleo", Cancel);
        Assert.Equal(texts, cleo.Backlog.Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task Download_that_was_called_off_is_forgotten_also_when_the_clock_is_set_back()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        var anna = await host.JoinAsync("anna", Cancel);
        var downloads = host.Get<ActiveDownloads>();
        var file = Sample.File("taken.bin");
        var download = downloads.Begin(file, anna, Door.Browser, 100, isShown: false, Cancel);
        download.Cancel();
        download.Dispose();
        host.Clock.Jump(-Day);
        Assert.True(downloads.WasCancelled(file.Id, anna));

        host.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.False(downloads.WasCancelled(file.Id, anna));
        Assert.Empty(downloads.Of(anna.PersonId));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Upload_waits_as_long_as_it_should(int days)
    {
        await using var host = await CoreHost.StartAsync(Cancel, ("Downloads:PartialFileHours", "24"));
        await using var anna = await host.EnterAsync("anna", Cancel);
        var upload = await host.OfferAsync(anna, "late", 10, Cancel);
        await upload.AppendAsync(0, new MemoryStream([1]), Cancel);
        host.Clock.Jump(days * Day);
        host.Clock.Advance(TimeSpan.FromHours(23));
        await host.SweepUploadsAsync();

        Assert.Equal(FileState.Uploading, upload.File.State);
        Assert.InRange(upload.ExpiresAt - host.Clock.GetUtcNow(), TimeSpan.FromMinutes(59), TimeSpan.FromHours(1));
        host.Clock.Advance(TimeSpan.FromHours(1));
        await host.SweepUploadsAsync();
        Assert.Equal(FileState.Failed, upload.File.State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Upload_of_an_earlier_run_waits_an_hour_at_least_and_no_longer_than_it_should(int days)
    {
        await using var host = await CoreHost.StartAsync(Cancel, ("Downloads:PartialFileHours", "24"));
        var anna = await host.JoinAsync("anna", Cancel);
        var id = (await host.Uploads.CreateAsync(host.Lobby, anna, Door.Api, Make.File("late", 10), batch: null, Cancel)).Id;
        await host.StopAsync(Cancel);
        host.Clock.Jump(days * Day);
        await host.StartAgainAsync(Cancel);

        Assert.Equal(FileState.Uploading, host.Uploads.Find(id)!.File.State);
        host.Clock.Advance(days > 0 ? TimeSpan.FromMinutes(59) : TimeSpan.FromHours(23));
        await host.SweepUploadsAsync();
        Assert.NotNull(host.Uploads.Find(id));
        host.Clock.Advance(TimeSpan.FromHours(1));
        await host.SweepUploadsAsync();
        Assert.Null(host.Uploads.Find(id));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Name_is_held_as_long_as_it_should(int days)
    {
        await using var core = await BareCore.StartAsync(("People:NicknameHeldHours", "24"));
        var ann = await core.Sessions.JoinAsync(BareCore.Name("Ann"), Cancel);
        core.Connected.Connect(ann, Door.Browser, "10.0.0.1").Dispose();
        await core.Sessions.SeenAsync(core.Connected.TakeSeen(), Cancel);
        core.Clock.Jump(days * Day);
        core.Clock.Advance(TimeSpan.FromHours(23));
        await core.Sessions.SeenAsync([], Cancel);

        await Assert.ThrowsAsync<RefusedException>(() => core.Sessions.JoinAsync(BareCore.Name("Ann"), Cancel));
        Assert.True(ann.IsAlive);
        core.Clock.Advance(TimeSpan.FromHours(1));
        // A round of those who were seen, in which old ones are forgotten.
        await core.Sessions.SeenAsync([], Cancel);
        await core.Sessions.JoinAsync(BareCore.Name("Ann"), Cancel);
        Assert.False(ann.IsAlive);
    }

    [Fact]
    public async Task Name_of_an_earlier_run_is_not_held_for_ever_by_a_clock_that_was_ahead()
    {
        await using var core = await BareCore.StartAsync(("People:NicknameHeldHours", "24"));
        core.Clock.Jump(30 * Day);
        await core.Sessions.JoinAsync(BareCore.Name("Ann"), Cancel);
        await core.RestartAsync();
        await core.Sessions.SeenAsync([], Cancel);
        core.Clock.Jump(-30 * Day);
        core.Clock.Advance(TimeSpan.FromHours(23));

        await Assert.ThrowsAsync<RefusedException>(() => core.Sessions.JoinAsync(BareCore.Name("Ann"), Cancel));
        core.Clock.Advance(TimeSpan.FromHours(1));
        await core.Sessions.JoinAsync(BareCore.Name("Ann"), Cancel);
    }

    [Fact]
    public async Task Account_that_rests_comes_back_also_when_the_clock_is_set_back()
    {
        const string password = "a long enough password";
        await using var core = await BareCore.StartAsync();
        await core.Accounts.CreateAdministratorAsync(BareCore.Name("root"), password, Cancel);
        for (var i = 0; i < AccountService.TriesBeforeRest; i++)
            await core.Accounts.CheckPasswordAsync("root", "wrong wrong wrong", "here", Cancel);
        Assert.Null(await core.Accounts.CheckPasswordAsync("root", password, "here", Cancel));
        core.Clock.Jump(-Day);
        core.Clock.Advance(AccountService.Rest);

        Assert.NotNull(await core.Accounts.CheckPasswordAsync("root", password, "here", Cancel));
    }
}
