using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Files;

/// <summary>What a sender is told of uploads that wait.</summary>
public sealed class OwnUploadsTests
{
    private const long SampleBytes = OwnUploads.SampleBytes;

    [Fact]
    public void Samples_of_any_part_begin_at_its_start_end_at_its_end_and_do_not_overlap()
    {
        Gen.OneOf(Gen.Long[0, 40 * SampleBytes], Gen.Long[0, long.MaxValue], Gen.Int[0, 40].Select(i => i * SampleBytes)).Sample(received =>
        {
            var samples = OwnUploads.Spread(received).ToList();
            Assert.True(samples.Count <= OwnUploads.MostSamples);
            Assert.Equal(received == 0, samples.Count == 0);
            if (received == 0)
                return;
            Assert.Equal((0L, received), (samples[0].Offset, samples[^1].Offset + samples[^1].Length));
            Assert.All(samples, sample => Assert.InRange(sample.Length, 1, SampleBytes));
            Assert.All(samples.Zip(samples.Skip(1)), pair => Assert.True(pair.First.Offset + pair.First.Length <= pair.Second.Offset));
            // What is short enough is looked at whole.
            if (received <= OwnUploads.MostSamples * SampleBytes)
                Assert.Equal(received, samples.Sum(sample => (long)sample.Length));
            else
                Assert.Equal(OwnUploads.MostSamples, samples.Count(sample => sample.Length == SampleBytes));
        });
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Samples_are_of_the_bytes_that_are_here_also_after_a_restart()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);
        var content = Make.Bytes(20 * 1024 * 1024);
        var changed = new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);
        var upload = await host.Uploads.CreateAsync(
            host.Lobby, anna, Core.People.Door.Browser, Make.File("build.iso", content.Length) with { ModifiedAt = changed }, batch: null, token);
        Assert.Empty((await host.Get<OwnUploads>().SampleAsync(upload.Id, anna, token)).Samples);
        await upload.AppendAsync(0, new MemoryStream(content[..18_000_001]), token);

        foreach (var restarted in new[] { false, true })
        {
            if (restarted)
                await host.RestartAsync(token);
            var again = (await host.Sessions.FindAsync(anna.Id, token))!;
            var here = await host.Get<OwnUploads>().SampleAsync(upload.Id, again, token);
            Assert.Equal(("build.iso", changed, 18_000_001L), (here.File.Name, here.ModifiedAt, here.Received));
            Assert.Equal(OwnUploads.MostSamples, here.Samples.Length);
            Assert.All(here.Samples, sample => Assert.Equal(Make.Sha256(content.AsSpan((int)sample.Offset, sample.Length)), sample.Sha256));
            var own = Assert.Single(await host.Get<OwnUploads>().OfAsync(again, token));
            Assert.Equal((upload.Id, "Lobby", 18_000_001L, false), (own.File.Id, own.Room, own.Received, own.IsReceiving));
        }
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Nobody_else_is_told_anything_and_what_has_ended_waits_no_more()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var anna = await host.EnterAsync("anna", token);
        var bert = await host.JoinAsync("bert", token);
        var own = host.Get<OwnUploads>();
        var who = anna.Participant.Session;
        var waits = await host.OfferAsync(anna, "waits", 10, token);
        var ready = await host.ShareAsync(anna, "ready", [1], token);
        var cancelled = await host.OfferAsync(anna, "cancelled", 10, token);
        await cancelled.CancelAsync(who, token);

        Assert.Empty(await own.OfAsync(bert, token));
        Assert.Equal([waits.Id], (await own.OfAsync(who, token)).Select(upload => upload.File.Id));
        Assert.Equal(RefusalKind.NotPermitted, await RefusalAsync(waits.Id, bert));
        Assert.Equal(RefusalKind.Gone, await RefusalAsync(ready.Id, who));
        Assert.Equal(RefusalKind.CalledOff, await RefusalAsync(cancelled.Id, who));
        Assert.Equal(RefusalKind.NotFound, await RefusalAsync(FileId.New(), who));
        await host.Sessions.EndAsync(who.Id, "Disconnected.", token);
        await Assert.ThrowsAsync<RefusedException>(() => own.OfAsync(who, token));

        async Task<RefusalKind> RefusalAsync(FileId id, Core.People.PersonSession asker) =>
            (await Assert.ThrowsAsync<RefusedException>(() => own.SampleAsync(id, asker, token))).Kind;
    }
}
