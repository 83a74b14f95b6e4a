using System.Diagnostics;
using ChatShare.Core.Files;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Core.Cluster;

/// <summary>How an upload stands for this node.</summary>
internal sealed record LeasedUpload(string Id, FileState State, bool IsHeldHere, bool IsWantedElsewhere);

/// <summary>
/// Which uploads this node may append to. Its node row lives for a while, by the database's clock, and is prolonged by one statement; an upload is its
/// own as long as the row lives and the upload names it. Nothing of this is done where there is one node.
/// </summary>
internal sealed class UploadLeases(IDbContextFactory<ChatShareDbContext> contexts, Database database)
{
    /// <summary>So long after its last word a node counts as dead, and its uploads may be taken over.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(15);

    // Counted from before the statement that prolonged it, so the database's time is over later. What is written is written well before that.
    private static readonly TimeSpan IsSure = Lasts * 0.8;

    // Of those who take, each sees what the ones before have taken, and that they live. No name of a person has a colon.
    private const string TurnName = "uploads:";

    private const string Now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    private const string Register = $$"""INSERT INTO "Nodes" ("Id", "Until") VALUES ({0}, {{Now}} + {1})""";

    private const string Prolong = $$"""UPDATE "Nodes" SET "Until" = {{Now}} + {1} WHERE "Id" = {0} AND "Until" > {{Now}}""";

    // Of uploads under way, which the index of holders has alone: it is used where the words are its own. No file has the state 1 any more.
    private const string IsFree =
        $$""" "State" IN (0, 1) AND NOT EXISTS (SELECT 1 FROM "Nodes" n WHERE n."Id" = "Holder" AND n."Until" > {{Now}})""";

    private const string IsAnyFree = $$"""SELECT EXISTS (SELECT 1 FROM "Files" WHERE {{IsFree}}) AS "Value" """;

    /// <summary>Asks whether there is a node whose lease has not ended.</summary>
    internal const string IsAnybodyAlive = $$"""SELECT EXISTS (SELECT 1 FROM "Nodes" WHERE "Until" > {{Now}}) AS "Value" """;

    private const string IsAlive = $$"""SELECT EXISTS (SELECT 1 FROM "Nodes" WHERE "Id" = {0} AND "Until" > {{Now}}) AS "Value" """;

    private const string TakeAllFree =
        $$"""
        UPDATE "Files" SET "Holder" = {0}, "WantedBy" = NULL
        WHERE {{IsFree}} AND EXISTS (SELECT 1 FROM "Nodes" n WHERE n."Id" = {0} AND n."Until" > {{Now}})
        """;

    private const string TakeFree = TakeAllFree + """ AND "Id" = {1}""";

    // After what they held was taken.
    private const string ForgetDead = $$"""DELETE FROM "Nodes" WHERE "Until" <= {{Now}} - {0}""";

    private Life? _life;

    /// <summary>What new uploads name as their holder; null where there is one node.</summary>
    public Guid? Node => _life?.Node;

    /// <summary>Whether there may be other nodes.</summary>
    public bool IsShared => database.IsShared;

    /// <summary>Makes sure that what is held by a life of this node is its own at this moment. Costs next to nothing: asked before each block.</summary>
    /// <exception cref="RefusedException"><see cref="RefusalKind.Elsewhere"/>: another node may have it, or take it now.</exception>
    public void Demand(Guid? holder)
    {
        if (IsShared && (Volatile.Read(ref _life) is not { } life || life.Node != holder || Stopwatch.GetElapsedTime(life.SureSince) > IsSure))
            throw Elsewhere();
    }

    /// <summary>To somebody who asks this node for an upload that another one has, or may take.</summary>
    public static RefusedException Elsewhere() =>
        new(RefusalKind.Elsewhere, "Another part of the server is busy with this file. Ask again in a moment.") { RetryAfter = TimeSpan.FromSeconds(1) };

    /// <summary>Begins a new life: nothing is held yet.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        var life = new Life(Guid.NewGuid(), Stopwatch.GetTimestamp());
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync(Register, [life.Node, (long)Lasts.TotalMilliseconds], cancellationToken);
        Volatile.Write(ref _life, life);
    }

    /// <returns>False when this life is over: others may have taken what it held.</returns>
    public async Task<bool> ProlongAsync(CancellationToken cancellationToken)
    {
        if (_life is not { } life)
            return false;
        var before = Stopwatch.GetTimestamp();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Database.ExecuteSqlRawAsync(Prolong, [life.Node, (long)Lasts.TotalMilliseconds], cancellationToken) == 0)
            return false;
        Volatile.Write(ref _life, life with { SureSince = before });
        return true;
    }

    /// <summary>Lets go of everything at once; when nothing is appended any more. The row stays, for others to see that something is left to take.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _life, null) is not { } life)
            return;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Nodes.Where(n => n.Id == life.Node).ExecuteUpdateAsync(set => set.SetProperty(n => n.Until, 0L), cancellationToken);
    }

    /// <summary>Takes an upload that nobody holds. One caller at a time.</summary>
    /// <returns>By which life it is this node’s now, or was before; null when it is not.</returns>
    public async Task<Guid?> TryTakeAsync(string id, CancellationToken cancellationToken)
    {
        var node = await TakeAsync(TakeFree, id, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Files.AnyAsync(f => f.Id == id && f.Holder == node, cancellationToken) ? node : null;
    }

    /// <summary>Takes all uploads that nobody holds: those of nodes that are dead or were stopped.</summary>
    /// <returns>The rows of everything that is this node's now.</returns>
    public async Task<List<FileRow>> TakeFreeAsync(CancellationToken cancellationToken)
    {
        var node = await TakeAsync(TakeAllFree, "", cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync(ForgetDead, [(long)Lasts.TotalMilliseconds], cancellationToken);
        return await db.Files.AsNoTracking().Where(f => f.State == FileState.Uploading && f.Holder == node)
            .ToListAsync(cancellationToken);
    }

    /// <summary>Whether a node lives; before <see cref="BeginAsync"/>, another one.</summary>
    public async Task<bool> IsAnybodyAliveAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Database.SqlQueryRaw<bool>(IsAnybodyAlive).SingleAsync(cancellationToken);
    }

    /// <summary>Whether a life of a node, of whichever, has not ended.</summary>
    public async Task<bool> IsAliveAsync(Guid node, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Database.SqlQueryRaw<bool>(IsAlive, node).SingleAsync(cancellationToken);
    }

    /// <summary>Whether there is an upload that nobody holds, or that this node holds beside those that it knows.</summary>
    public async Task<bool> IsAnyLeftAsync(IReadOnlyCollection<string> known, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Database.SqlQueryRaw<bool>(IsAnyFree).SingleAsync(cancellationToken)
            || await db.Files.AnyAsync(
                f => f.State == FileState.Uploading && f.Holder == Node && !known.Contains(f.Id), cancellationToken);
    }

    /// <summary>Asks the holder to let go; it looks for that when the bus has lost the word.</summary>
    public async Task WantAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Files.Where(f => f.Id == id && f.Holder != Node).ExecuteUpdateAsync(set => set.SetProperty(f => f.WantedBy, Node), cancellationToken);
    }

    /// <summary>Nobody appends to it here any more: another node may.</summary>
    public async Task LetGoAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Files.Where(f => f.Id == id && f.Holder == Node)
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.Holder, (Guid?)null).SetProperty(f => f.WantedBy, (Guid?)null), cancellationToken);
    }

    /// <summary>Looks how uploads stand. One whose announcement is not written yet is left out.</summary>
    public async Task<List<LeasedUpload>> LookAsync(List<string> ids, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Files.Where(f => ids.Contains(f.Id))
            .Select(f => new LeasedUpload(f.Id, f.State, f.Holder == Node, f.WantedBy != null)).ToListAsync(cancellationToken);
    }

    private async Task<Guid> TakeAsync(string statement, string id, CancellationToken cancellationToken)
    {
        if (Node is not { } node)
            throw Elsewhere();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.HoldAsync(TurnName, cancellationToken);
        await db.Database.ExecuteSqlRawAsync(statement, [node, id], cancellationToken);
        // Not given up half way, which the framework would log as an error.
        await transaction.CommitAsync(CancellationToken.None);
        return node;
    }

    private sealed record Life(Guid Node, long SureSince);
}
