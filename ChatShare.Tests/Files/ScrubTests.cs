using System.Globalization;
using System.Net;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.Data.Sqlite;

namespace ChatShare.Tests.Files;

/// <summary>Every stored content against its name: what is wrong is told, and nothing is changed.</summary>
public sealed class ScrubTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Contents_that_are_damaged_missing_or_belong_to_nobody_are_told_with_their_files()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        var other = await host.CreateRoomAsync("Other", anna.Participant.Session, Cancel);
        await using var bert = await host.EnterAsync("bert", Cancel, other);
        var root = await host.AdministratorAsync(Cancel);
        var whole = await host.ShareAsync(anna, "whole.bin", Make.Bytes(3_000_000), Cancel);
        var twice = await host.ShareAsync(anna, "mine.bin", Make.Bytes(1000, seed: 2), Cancel);
        await host.ShareAsync(bert, "his.bin", Make.Bytes(1000, seed: 2), Cancel);
        var lost = await host.ShareAsync(bert, "lost.bin", Make.Bytes(500, seed: 3), Cancel);
        var deleted = await host.ShareAsync(anna, "deleted.bin", Make.Bytes(10, seed: 4), Cancel);
        await host.Get<FileRemoval>().DeleteAsync(deleted.Id, root, Cancel);
        await host.OfferAsync(anna, "on its way.bin", 5, Cancel);
        var good = await host.Get<Scrub>().RunAsync(root, progress: null, Cancel);
        Assert.Equal((3, 3_001_500L, true), (good.Contents, good.Bytes, good.IsWhole));
        Assert.Empty(good.Faults);

        var store = host.Get<DownloadStore>();
        await using (var content = File.Open(store.ContentPath(twice.File.Sha256!), FileMode.Open))
        {
            content.Position = 700;
            content.WriteByte(0xFF);
        }

        File.Delete(store.ContentPath(lost.File.Sha256!));
        var orphan = Make.Sha256([1, 2, 3]);
        Directory.CreateDirectory(Path.GetDirectoryName(store.ContentPath(orphan))!);
        await File.WriteAllBytesAsync(store.ContentPath(orphan), [1, 2, 3], Cancel);
        var before = host.Contents().Order().ToList();
        var steps = new Steps();
        var report = await host.Get<Scrub>().RunAsync(root, steps, Cancel);

        Assert.Equal(
            [
                new ScrubFault(ScrubFaultKind.Missing, lost.File.Sha256!, "Other", "lost.bin", "bert"),
                new ScrubFault(ScrubFaultKind.Damaged, twice.File.Sha256!, "Lobby", "mine.bin", "anna"),
                new ScrubFault(ScrubFaultKind.Damaged, twice.File.Sha256!, "Other", "his.bin", "bert"),
                new ScrubFault(ScrubFaultKind.Unnamed, orphan, null, null, null),
            ],
            report.Faults.OrderBy(fault => fault.Kind).ThenBy(fault => fault.Room));
        Assert.False(report.IsWhole);
        Assert.Equal(before, host.Contents().Order());
        Assert.Contains(whole.File.Sha256!, before);
        Assert.Equal(steps.Seen.OrderBy(step => step.Bytes), steps.Seen);
        Assert.Equal(new ScrubProgress(3, 3, 3_001_000), steps.Seen[^1]);
        await Assert.ThrowsAsync<RefusedException>(() => host.Get<Scrub>().RunAsync(anna.Participant.Session, null, Cancel));
    }

    [Fact]
    public async Task File_that_is_deleted_while_it_is_looked_for_is_no_fault()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var anna = await host.EnterAsync("anna", Cancel);
        var root = await host.AdministratorAsync(Cancel);
        var uploads = new List<Upload>();
        for (var i = 0; i < 20; i++)
            uploads.Add(await host.ShareAsync(anna, $"{i}", Make.Bytes(10, i), Cancel));
        var left = 20;
        // At the first step all names are known, and most of the files not looked at.
        var report = await host.Get<Scrub>().RunAsync(root, new Steps(() =>
        {
            if (Interlocked.Exchange(ref left, 0) == 20)
                Task.WaitAll(uploads.Select(upload => host.Get<FileRemoval>().DeleteAsync(upload.Id, root, Cancel)).ToArray(), Cancel);
        }), Cancel);

        Assert.Empty(report.Faults);
        Assert.Empty(host.Contents());
    }

    [Fact]
    public async Task Command_runs_beside_the_server_and_without_it_and_says_by_its_exit_code_whether_all_is_well()
    {
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("plan.pdf", 3);
        await tus.AppendAsync(location, 0, [1, 2, 3]);
        var content = Assert.Single(Directory.GetFiles(Path.Combine(app.DownloadsDirectory, "files"), "*", SearchOption.AllDirectories));

        Assert.Equal((0, "1 content, 3 B: nothing is wrong."), await RunAsync(app));
        await File.WriteAllBytesAsync(content, [1, 2, 4], Cancel);
        var (code, text) = await RunAsync(app);
        Assert.Equal(1, code);
        Assert.Contains($"damaged: “plan.pdf” of Ann in Lobby ({Make.Sha256([1, 2, 3])})", text, StringComparison.Ordinal);
        Assert.EndsWith("1 file not as shared.", text, StringComparison.Ordinal);
        // The server notices nothing of it.
        Assert.Equal(HttpStatusCode.Created, (await tus.SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "1"), ("Upload-Metadata", TusClient.Metadata("b")))).StatusCode);

        await app.StopAsync();
        File.Delete(content);
        (code, text) = await RunAsync(app);
        Assert.Equal(1, code);
        Assert.StartsWith("missing: “plan.pdf” of Ann in Lobby", text, StringComparison.Ordinal);
        await app.StartAgainAsync();
    }

    [Fact]
    public async Task Command_without_a_database_says_so_and_makes_none()
    {
        using var folder = new TemporaryFolder();
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        await using var notes = new StringWriter(CultureInfo.InvariantCulture);
        var code = await ScrubCommand.RunAsync([$"--ChatShare:DataDirectory={folder.File("data")}"], output, notes, Cancel);
        Assert.Equal(1, code);
        Assert.Contains(folder.File("data"), notes.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data")));
    }

    [Fact]
    public async Task Command_refuses_a_database_of_a_newer_program()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Storage:Provider=Sqlite");
        await app.StopAsync();
        await using (var raw = new SqliteConnection($"Data Source={Path.Combine(app.DataDirectory, "chatshare.db")};Pooling=false"))
        {
            await raw.OpenAsync(Cancel);
            await using var command = raw.CreateCommand();
            command.CommandText = "INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_FromTheFuture', '99.0.0');";
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var (code, text) = await RunAsync(app);
        Assert.Equal(1, code);
        Assert.Contains("newer ChatShare", text, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Text)> RunAsync(RunningApp app)
    {
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        var code = await ScrubCommand.RunAsync(
            [$"--ChatShare:DataDirectory={app.DataDirectory}", $"--ChatShare:Downloads:Directory={app.DownloadsDirectory}"], output, output, Cancel);
        return (code, output.ToString().Trim());
    }

    private sealed class Steps(Action? act = null) : IProgress<ScrubProgress>
    {
        public List<ScrubProgress> Seen { get; } = [];

        public void Report(ScrubProgress value)
        {
            Seen.Add(value);
            act?.Invoke();
        }
    }
}
