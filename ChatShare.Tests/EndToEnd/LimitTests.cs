using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>What a page says where little is allowed: one page of a person, a thousand bytes of a file.</summary>
public sealed class LimitTests(Chromium chromium)
{
    [Fact]
    public async Task A_file_over_the_limit_is_refused_before_its_first_byte_the_others_go_and_a_page_too_many_says_so()
    {
        await using var server = await ServerProcess.StartMigratedAsync(
            TestContext.Current.CancellationToken, "ChatShare:Limits:FileBytes=1000", "ChatShare:Limits:CircuitsPerPerson=1");
        var ann = await Person.JoinAsync(chromium, server, "Ann");

        await ann.AttachAsync(new FilePayload { Name = "alone.bin", MimeType = "x/x", Buffer = new byte[1_001] });
        await Expect(ann.Page.GetByText("“alone.bin” is 1,001 B; the limit here is 1,000 B.")).ToBeVisibleAsync();
        await Expect(ann.Progress("alone.bin")).ToHaveCountAsync(0);
        Assert.Empty(TestFiles.SharedIn(server.Downloads));

        await ann.AttachAsync(
            new FilePayload { Name = "big.bin", MimeType = "x/x", Buffer = new byte[1_001] },
            new FilePayload { Name = "small.bin", MimeType = "x/x", Buffer = new byte[1_000] });
        await Expect(ann.Page.GetByText("“big.bin” is 1,001 B; the limit here is 1,000 B.")).ToBeVisibleAsync();
        await Expect(ann.Download("small.bin")).ToBeVisibleAsync();

        var second = await ann.Page.Context.NewPageAsync();
        await second.GotoAsync("/rooms/Lobby");
        await Expect(second.GetByText("Too many pages of this chat are open here.")).ToBeVisibleAsync();
    }
}
