using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Files;

/// <summary>However the bytes come: the file is what was sent, or there is no file.</summary>
public sealed class UploadPropertyTests
{
    private const int HalfAnHour = 1_800_000;

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Frequency((5, Gen.Const(0)), (1, Gen.Int[-400_000, 400_000])),
        Gen.OneOf(Gen.Int[0, 300], Gen.Int[0, 200_000]),
        Gen.OneOf(Gen.Int[1, 20], Gen.Int[1, 200_000]).Array[1, 4],
        Gen.Enum<ScriptedStream.Ending>(),
        (shift, count, cuts, ending) => new Step(shift, count, cuts, ending));

    [Fact(Timeout = HalfAnHour)]
    public async Task Append_in_any_pieces_gives_the_source_or_no_file()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var session = await host.EnterAsync("anna", token);
        var seed = 0;
        await Gen.Select(Gen.OneOf(Gen.Int[0, 10], Gen.Int[0, 300_000]), AnyStep.Array[0, 8], Gen.Bool).SampleAsync(
            async (length, steps, finish) =>
            {
                var content = Make.Bytes(length, Interlocked.Increment(ref seed));
                var upload = await host.OfferAsync(session, "f", length, token);
                var received = 0;
                foreach (var step in steps.Where(_ => upload.IsUnderWay))
                    received = await PlayAsync(upload, content, received, step, token);
                if (finish && upload.IsUnderWay)
                    await upload.AppendAsync(received, new ScriptedStream(content.AsMemory(received), [65_536], ScriptedStream.Ending.Ends), token);

                var store = host.Get<DownloadStore>();
                if (upload.File.State == FileState.Ready)
                {
                    Assert.Equal(Make.Sha256(content), upload.File.Sha256);
                    Assert.Equal(content, await File.ReadAllBytesAsync(store.ContentPath(upload.File.Sha256!), token));
                }
                else
                {
                    Assert.True(!finish, "It was sent to the end and is not ready.");
                    Assert.Equal((FileState.Uploading, received), (upload.File.State, upload.Received));
                    await upload.CancelAsync(session.Participant.Session, token);
                }

                Assert.False(File.Exists(store.PartialPath(upload.Id)));
            },
            iter: Make.IsLong ? 3000 : 100,
            threads: 2,
            print: sample => $"{sample.Item1} bytes, {(sample.Item3 ? "finished" : "left")}: {string.Join("; ", sample.Item2.Select(s => s.ToString()))}");
    }

    [Fact(Timeout = HalfAnHour)]
    public async Task Parts_with_and_without_checksums_over_restarts_give_the_source()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = (await host.JoinAsync("anna", token)).Id;
        var seed = 100_000;
        var part = Gen.Select(Gen.Int[1, 150_000], Gen.Enum<Care>(), Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true))));
        await Gen.Select(Gen.Int[1, 300_000], part.Array[1, 6]).SampleAsync(
            async (length, parts) =>
            {
                var content = Make.Bytes(length, seed++);
                var sender = (await host.Sessions.FindAsync(anna, token))!;
                var id = (await host.Uploads.CreateAsync(host.Lobby, sender, Core.People.Door.Api, Make.File("f", length), batch: null, token)).Id;
                foreach (var (count, care, restart) in parts.Append((length, Care.None, false)))
                {
                    if (restart)
                        await host.RestartAsync(token);
                    sender = (await host.Sessions.FindAsync(anna, token))!;
                    var (upload, file) = await host.Uploads.FindOwnAsync(id, sender, token);
                    if (upload is null)
                    {
                        Assert.Equal(Make.Sha256(content), file.Sha256);
                        return;
                    }

                    await FeedAsync(upload, sender, content, count, care, token);
                }

                var (none, ready) = await host.Uploads.FindOwnAsync(id, (await host.Sessions.FindAsync(anna, token))!, token);
                Assert.Equal((null, Make.Sha256(content)), (none, ready.Sha256));
                Assert.Equal(content, await File.ReadAllBytesAsync(host.Get<DownloadStore>().ContentPath(ready.Sha256!), token));
            },
            iter: Make.IsLong ? 400 : 20,
            threads: 1);
    }

    private static async Task FeedAsync(Upload upload, Core.People.PersonSession sender, byte[] content, int count, Care care, CancellationToken token)
    {
        var from = (int)upload.Received;
        var bytes = content[from..Math.Min(content.Length, from + count)];
        var hash = System.Security.Cryptography.SHA256.HashData(care == Care.WrongChecksum ? [.. bytes, 1] : bytes);
        var checksum = care != Care.None && PartChecksum.TryParse($"sha256 {Convert.ToBase64String(hash)}", out var parsed) ? parsed : null;
        var append = upload.AppendAsync(sender, from, new ScriptedStream(bytes, [65_536, 3], ScriptedStream.Ending.Ends), checksum, token);
        if (care != Care.WrongChecksum)
        {
            await append;
            return;
        }

        Assert.Equal(RefusalKind.Checksum, (await Assert.ThrowsAsync<RefusedException>(() => append)).Kind);
        Assert.Equal(from, upload.Received);
    }

    private enum Care
    {
        None,
        Checksum,
        WrongChecksum,
    }

    /// <summary>One connection of the sender; returns what the server should have then.</summary>
    private static async Task<int> PlayAsync(Upload upload, byte[] content, int received, Step step, CancellationToken token)
    {
        var offset = received + step.Shift;
        var count = Math.Min(step.Count, content.Length - received);
        var source = new ScriptedStream(content.AsMemory(received, count), step.Cuts, step.Ending);
        using var hangUp = CancellationTokenSource.CreateLinkedTokenSource(token);
        var append = upload.AppendAsync(offset, source, hangUp.Token);
        if (step.Shift != 0)
        {
            Assert.Equal(RefusalKind.Conflict, (await Assert.ThrowsAsync<RefusedException>(() => append)).Kind);
            Assert.Equal(received, upload.Received);
            return received;
        }

        switch (step.Ending)
        {
            case ScriptedStream.Ending.Stalls:
                await source.Drained.WaitAsync(token);
                await hangUp.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
                break;
            case ScriptedStream.Ending.Breaks:
                await Assert.ThrowsAsync<IOException>(() => append);
                break;
            default:
                await append;
                break;
        }

        Assert.Equal(received + count, upload.Received);
        return received + count;
    }

    private sealed record Step(int Shift, int Count, int[] Cuts, ScriptedStream.Ending Ending)
    {
        public override string ToString() => $"{Count} bytes at {Shift:+0;-0;0} in [{string.Join(",", Cuts)}] {Ending}";
    }
}
