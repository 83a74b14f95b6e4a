using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Support;

/// <summary>The way to a database that gives up by itself the first time it is asked, whatever its caller's token says; then it works.</summary>
internal sealed class CancelledOnce(IDbContextFactory<ChatShareDbContext> contexts) : IDbContextFactory<ChatShareDbContext>
{
    private int _asked;

    /// <summary>How often it was asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public ChatShareDbContext CreateDbContext() =>
        Interlocked.Increment(ref _asked) == 1 ? throw new OperationCanceledException() : contexts.CreateDbContext();
}
