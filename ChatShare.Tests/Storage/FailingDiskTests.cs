using System.Data.Common;
using System.Net;
using ChatShare.Core;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.Sqlite;
using ChatShare.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Storage;

/// <summary>
/// A disk that fails under the database. What cannot be written is refused with a sentence; what cannot be read is a fault, and never looks like
/// something that is not there.
/// </summary>
public sealed class FailingDiskTests
{
    private const int IoError = 10;
    private const int Full = 13;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(IoError)]
    [InlineData(Full)]
    public async Task What_cannot_be_written_is_refused_and_what_cannot_be_read_is_not(int error)
    {
        var disk = new FailingDisk();
        await using var app = await StartAsync(disk);
        await using var db = await app.Get<IDbContextFactory<ChatShareDbContext>>().CreateDbContextAsync(Cancel);
        disk.Error = error;

        await Assert.ThrowsAsync<SqliteException>(() => db.Facts.ToListAsync(Cancel));
        await Assert.ThrowsAsync<SqliteException>(() => db.Facts.AnyAsync(fact => fact.Key == "a", Cancel));
        await IsRefusedAsync(() => db.Facts.Where(fact => fact.Key == "a").ExecuteDeleteAsync(Cancel));
        await IsRefusedAsync(() => db.Facts.Where(fact => fact.Key == "a").ExecuteUpdateAsync(set => set.SetProperty(fact => fact.Value, "b"), Cancel));
        db.Facts.Add(new FactRow { Key = "a", Value = "b" });
        await IsRefusedAsync(() => db.SaveChangesAsync(Cancel));
    }

    [Fact]
    public async Task File_that_cannot_be_looked_up_is_not_one_that_is_not_there()
    {
        var disk = new FailingDisk();
        await using var app = await StartAsync(disk);
        using var ann = await app.JoinAsync("Ann");
        var tus = new TusClient(app, ann);
        var location = await tus.CreateAsync("a.txt", 3);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, [1, 2, 3]));
        var id = location.Split('/')[^1];
        disk.Error = IoError;

        foreach (var path in new[] { $"/files/{id}/a.txt", $"/thumbnails/{id}" })
        {
            using var response = await ann.GetAsync(path, Cancel);
            Assert.Equal((path, HttpStatusCode.InternalServerError), (path, response.StatusCode));
        }

        disk.Error = null;
        Assert.Equal(new byte[] { 1, 2, 3 }, await tus.DownloadAsync(location));
    }

    private static async Task IsRefusedAsync(Func<Task> write) =>
        Assert.Equal(RefusalKind.DiskFull, (await Assert.ThrowsAsync<RefusedException>(write)).Kind);

    private static Task<RunningApp> StartAsync(FailingDisk disk) => RunningApp.StartAsync(builder =>
        builder.Services.ConfigureDbContext<SqliteChatShareDbContext>(options => options.AddInterceptors(disk)));

    /// <summary>Fails whatever EF asks for, while there is an error.</summary>
    private sealed class FailingDisk : DbCommandInterceptor
    {
        /// <summary>As SQLite numbers them; null for none.</summary>
        public int? Error { get; set; }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default) => new(Fail(result));

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) => new(Fail(result));

        private T Fail<T>(T otherwise) => Error is { } error ? throw new SqliteException("The disk fails.", error) : otherwise;
    }
}
