using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Storage;

/// <summary>Hands out an engine's context under the base type, which is the only one that services know.</summary>
internal sealed class EngineContextFactory<TContext>(IDbContextFactory<TContext> inner) : IDbContextFactory<ChatShareDbContext>
    where TContext : ChatShareDbContext
{
    public ChatShareDbContext CreateDbContext() => inner.CreateDbContext();
}
