using ChatShare.Core.Storage;
using ChatShare.Core.Storage.Sqlite;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Storage;

/// <summary>How many connections to a database in a file are open at once.</summary>
public sealed class FewConnectionsTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task One_more_waits_until_one_of_them_is_closed_however_that_happens()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var contexts = host.Get<IDbContextFactory<ChatShareDbContext>>();
        List<ChatShareDbContext> open = [];
        for (var i = 0; i < PreparedConnections.Most; i++)
            open.Add(await OpenAsync());

        var closed = OpenAsync();
        Assert.False(closed.IsCompleted);
        await open[0].Database.CloseConnectionAsync();
        await using (await closed)
        {
            var disposed = OpenAsync();
            Assert.False(disposed.IsCompleted);
            await open[1].DisposeAsync();
            await using (await disposed)
            {
                var disposedAtOnce = OpenAsync();
                Assert.False(disposedAtOnce.IsCompleted);
                open[2].Dispose();
                await (await disposedAtOnce).DisposeAsync();
            }
        }

        // Whoever waits in vain goes on all the same: two who wait for each other would stand still for ever.
        open.Add(await OpenAsync());
        open.Add(await OpenAsync());
        open.Add(await OpenAsync());
        await using var beyond = await OpenAsync();
        Assert.NotEmpty(await beyond.Rooms.ToListAsync(token));
        foreach (var context in open)
            await context.DisposeAsync();

        async Task<ChatShareDbContext> OpenAsync()
        {
            var context = await contexts.CreateDbContextAsync(token);
            await context.Database.OpenConnectionAsync(token);
            return context;
        }
    }
}
