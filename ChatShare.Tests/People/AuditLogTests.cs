using ChatShare.Core.People;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.People;

public sealed class AuditLogTests
{
    [Fact]
    public async Task List_gives_the_newest_first_without_invisible_characters()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var core = await BareCore.StartAsync();
        var audit = core.Get<AuditLog>();
        await audit.WriteAsync("Root", "Disconnect", "Ann", null, cancel);
        await audit.WriteAsync("Root", "Delete file", "in\r\nvo\u202Eice.pdf", "Lobby\0", cancel);
        await audit.WriteAsync("Root", "Delete message", "Lobby 7", null, cancel);

        var entries = await audit.ListAsync(2, cancel);
        Assert.Equal(["Delete message", "Delete file"], entries.Select(e => e.Action));
        Assert.Equal(("invoice.pdf", "Lobby"), (entries[1].Subject, entries[1].Detail));
    }
}
