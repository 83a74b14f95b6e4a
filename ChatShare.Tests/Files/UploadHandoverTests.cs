using ChatShare.Core.Files;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

public sealed class UploadHandoverTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_that_is_taken_up_is_at_no_moment_one_without_a_byte()
    {
        const int half = 5000;
        // The moment is short.
        const int rounds = 200;
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Storage:Provider", "Sqlite"));
        await using var ann = await host.EnterAsync("Ann", token);
        var upload = await host.OfferAsync(ann, "a.bin", 2 * half, token);
        await upload.AppendAsync(0, new MemoryStream(Make.Bytes(half)), token);

        for (var round = 0; round < rounds; round++)
        {
            host.Uploads.Forget([upload]);
            var looking = Task.Run(
                () =>
                {
                    while (true)
                    {
                        token.ThrowIfCancellationRequested();
                        if (host.Uploads.Find(upload.Id) is { } found)
                            return !found.TakenUp.IsCompleted || found.Received == half;
                    }
                },
                token);
            await host.Get<UploadHandover>().TakeFreeAsync(host.Uploads, token);
            Assert.True(await looking);
            upload = host.Uploads.Find(upload.Id)!;
            await upload.TakenUp;
        }
    }
}
