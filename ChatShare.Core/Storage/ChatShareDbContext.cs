using System.Data.Common;
using ChatShare.Core.People;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ChatShare.Core.Storage;

/// <summary>
/// The one model. Services see this type only; a sealed context for each engine owns that engine's migrations and knows its faults,
/// because one context type cannot keep two sets in one assembly.
/// </summary>
public abstract class ChatShareDbContext(DbContextOptions options) : IdentityUserContext<Account, Guid>(options)
{
    internal DbSet<SessionRow> Sessions => Set<SessionRow>();

    internal DbSet<RoomRow> Rooms => Set<RoomRow>();

    internal DbSet<MessageRow> Messages => Set<MessageRow>();

    internal DbSet<FileRow> Files => Set<FileRow>();

    internal DbSet<DownloadRow> Downloads => Set<DownloadRow>();

    internal DbSet<ReadMarkRow> ReadMarks => Set<ReadMarkRow>();

    internal DbSet<AuditRow> Audit => Set<AuditRow>();

    internal DbSet<FactRow> Facts => Set<FactRow>();

    internal DbSet<NodeRow> Nodes => Set<NodeRow>();

    /// <inheritdoc />
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        try
        {
            return await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        }
        // No interceptor hears of a commit that fails when the results of a command are read, nor of a transaction that cannot begin.
        catch (Exception e) when (e is DbUpdateException or DbException && CannotStore(e))
        {
            throw FullDisk.Refusal(e);
        }
    }

    /// <summary>Whether the engine could not take what was to be written, and may in a moment.</summary>
    internal abstract bool CannotStore(Exception exception);

    /// <summary>Whether a row was not written because there is one like it.</summary>
    internal abstract bool IsDuplicate(DbUpdateException exception);

    /// <summary>
    /// Lets one transaction at a time look whether a name is free and take it; to be called within the transaction, which ends when nothing is said
    /// in it for <see cref="Turn.MostIdle"/>.
    /// </summary>
    internal abstract Task HoldAsync(string name, CancellationToken cancellationToken);

    /// <summary>What the clock of the database says, which is the same for all nodes.</summary>
    internal abstract Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken);

    /// <inheritdoc />
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
    }

    /// <inheritdoc />
    protected override void OnModelCreating(ModelBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        base.OnModelCreating(builder);

        builder.Entity<Account>().HasIndex(a => a.NicknameKey).IsUnique();
        builder.Entity<SessionRow>(row =>
        {
            row.ToTable("Sessions").HasKey(s => s.Id);
            // A nickname is held by one guest at a time; two that join in the same moment meet here.
            row.HasIndex(s => s.NicknameKey).IsUnique().HasFilter("\"EndedAt\" IS NULL AND \"AccountId\" IS NULL");
            row.HasIndex(s => s.PersonId);
        });
        builder.Entity<RoomRow>(row =>
        {
            row.ToTable("Rooms").HasKey(r => r.Id);
            row.HasIndex(r => r.NameKey).IsUnique();
        });
        builder.Entity<MessageRow>(row =>
        {
            row.ToTable("Messages").HasKey(m => new { m.RoomId, m.Number });
            // Catching up: everything changed after N, in that order.
            row.HasIndex(m => new { m.RoomId, m.Changed }).IsUnique();
            // A retry with the same client id makes one message.
            row.HasIndex(m => new { m.RoomId, m.PersonId, m.ClientId }).IsUnique();
            row.HasOne<RoomRow>().WithMany().HasForeignKey(m => m.RoomId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<FileRow>(row =>
        {
            row.ToTable("Files").HasKey(f => f.Id);
            row.HasIndex(f => new { f.RoomId, f.MessageNumber, f.Position }).IsUnique();
            // Creating an upload again with the same client id gives the same one.
            row.HasIndex(f => new { f.PersonId, f.ClientId }).IsUnique().HasFilter("\"ClientId\" IS NOT NULL");
            // Which rows still need a content before it is deleted.
            row.HasIndex(f => f.Sha256);
            // Whether a file that is about to be sent may be here already.
            row.HasIndex(f => f.Length);
            // Those under way, which are few. In the words of UploadLeases, or it is not used; no file has the state 1 any more.
            row.HasIndex(f => f.Holder).HasFilter("\"State\" IN (0, 1)");
            row.HasOne<MessageRow>().WithMany().HasForeignKey(f => new { f.RoomId, f.MessageNumber }).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<DownloadRow>(row =>
        {
            row.ToTable("Downloads").HasKey(d => new { d.FileId, d.PersonId });
            row.HasOne<FileRow>().WithMany().HasForeignKey(d => d.FileId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<ReadMarkRow>(row =>
        {
            row.ToTable("ReadMarks").HasKey(m => new { m.PersonId, m.RoomId });
            // Whom a file of a room is for: asked for each download, of a table that keeps everybody who ever came.
            row.HasIndex(m => m.RoomId);
        });
        builder.Entity<AuditRow>(row => row.ToTable("Audit").HasKey(a => a.Id));
        builder.Entity<FactRow>(row => row.ToTable("Facts").HasKey(f => f.Key));
        builder.Entity<NodeRow>(row => row.ToTable("Nodes").HasKey(n => n.Id));
    }

    private sealed class UtcTicks() : ValueConverter<DateTimeOffset, long>(
        time => time.UtcTicks,
        ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
}
