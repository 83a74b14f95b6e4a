using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Core.Storage.Copying;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests.Storage;

/// <summary>A backup while people chat, and an installation that is made of it.</summary>
public sealed class BackupTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = Make.Patience)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task All_that_was_acknowledged_before_is_there_while_others_write_and_delete(bool fromPostgreSql, bool toPostgreSql)
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var host = await CoreHost.StartAsync(token, await EngineAsync(fromPostgreSql));
        await using var anna = await host.EnterAsync("anna", token);
        var root = await host.AdministratorAsync(token);
        var files = new List<Upload>();
        for (var i = 0; i < 5; i++)
            files.Add(await host.ShareAsync(anna, $"{i}.bin", Make.Bytes(2000, i), token));
        var unfinished = await host.OfferAsync(anna, "half.bin", 10, token);
        await unfinished.AppendAsync(0, new ScriptedStream(Make.Bytes(5), [5], ScriptedStream.Ending.Ends), token);
        var acknowledged = new ConcurrentQueue<ChatMessage>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var writing = Task.Run(WriteAsync, token);
        await Eventually.TrueAsync(() => Task.FromResult(acknowledged.Count > 20));

        var before = acknowledged.ToList();
        var deleted = 0;
        // The database is copied then, and no file.
        var report = await Backup.RunAsync(host.Get<IOptions<ChatShareOptions>>().Value, folder.File("backup"), NoKeys, new Steps(step =>
        {
            if (step.StartsWith("file 1 ", StringComparison.Ordinal) && Interlocked.Exchange(ref deleted, 1) == 0)
                Task.WaitAll(files.Select(file => host.Get<FileRemoval>().DeleteAsync(file.Id, root, token)), token);
        }), token);
        await stop.CancelAsync();
        await writing;
        Assert.Equal((5, 10_000L, 0), (report.Contents, report.Bytes, report.Lost));
        // Held back meanwhile, and no longer.
        Assert.Equal(5, host.Contents().Count);
        await host.Get<StoredContents>().RepairAsync(token);
        Assert.Empty(host.Contents());

        var settings = await EngineAsync(toPostgreSql);
        var restored = await Restore.RunAsync(Options(folder, settings), folder.File("backup"), replace: false, NoKeys, progress: null, token);
        Assert.Equal((report.Rows, 5, 1, 0), (restored.Rows, restored.Contents, restored.EndedUploads, restored.Lost));
        await using var copy = await CoreHost.StartAtAsync(folder.Path, token, settings);
        var log = await copy.AllAsync(copy.Lobby, token);
        Assert.Subset(log.Select(message => (message.Number, message.Text)).ToHashSet(), before.Select(message => (message.Number, message.Text)).ToHashSet());
        Assert.NotEqual(host.Get<Database>().Epoch, copy.Get<Database>().Epoch);
        var shared = log.SelectMany(message => message.Files).ToList();
        Assert.Equal(5, shared.Count(file => file.State == FileState.Ready));
        foreach (var file in shared.Where(file => file.State == FileState.Ready))
            Assert.Equal(file.Sha256, Make.Sha256(await File.ReadAllBytesAsync(copy.Get<DownloadStore>().ContentPath(file.Sha256!), token)));
        Assert.Equal(Restore.Ended, shared.Single(file => file.Name == "half.bin").Failure);
        await using var bert = await copy.EnterAsync("bert", token);
        var next = await bert.SendAsync(Make.Text("on we go"), Make.ClientId(), token);
        Assert.Equal([.. log.Select(message => message.Number), next.Number], (await copy.AllAsync(copy.Lobby, token)).Select(message => message.Number));

        async Task WriteAsync()
        {
            while (!stop.IsCancellationRequested)
                acknowledged.Enqueue(await anna.SendAsync(Make.Text($"text {acknowledged.Count}"), Make.ClientId(), token));
        }
    }

    [Fact]
    public async Task Every_column_of_every_entity_comes_back_and_a_target_with_anything_in_it_only_gives_way_when_told()
    {
        using var folder = new TemporaryFolder();
        await using var source = await BareCore.StartAsync(("Storage:Provider", "Sqlite"));
        await using var db = await source.ContextAsync();
        await FullDatabase.FillAsync(db, Cancel);
        await Backup.RunAsync(source.Get<IOptions<ChatShareOptions>>().Value, folder.File("backup"), NoKeys, progress: null, Cancel);
        var before = await RowsAsync(source);
        await using var target = await BareCore.StartAsync(("Storage:Provider", "Sqlite"));
        await using (var other = await target.ContextAsync())
        {
            other.Rooms.Add(new RoomRow { Name = "Old", NameKey = "old" });
            await other.SaveChangesAsync(Cancel);
        }

        var options = target.Get<IOptions<ChatShareOptions>>().Value;
        Assert.Contains("in use by another", await RefusedAsync(replace: true), StringComparison.Ordinal);
        await target.CloseAsync();
        Assert.Contains("is not empty", await RefusedAsync(replace: false), StringComparison.Ordinal);
        await Restore.RunAsync(options, folder.File("backup"), replace: true, NoKeys, progress: null, Cancel);
        await target.RestartAsync();
        Assert.Equal(before, await RowsAsync(target));

        // It is known which backup it is.
        await target.CloseAsync();
        var manifest = folder.File("backup/manifest.json");
        await File.WriteAllTextAsync(manifest, (await File.ReadAllTextAsync(manifest, Cancel)).Replace("\"rows\": 1", "\"rows\": 2", StringComparison.Ordinal), Cancel);
        Assert.Contains("not what its manifest says", await RefusedAsync(replace: true), StringComparison.Ordinal);
        File.Delete(manifest);
        Assert.Contains("is no backup", await RefusedAsync(replace: true), StringComparison.Ordinal);

        async Task<string> RefusedAsync(bool replace) =>
            (await Assert.ThrowsAsync<StorageException>(() => Restore.RunAsync(options, folder.File("backup"), replace, NoKeys, progress: null, Cancel))).Message;

        // But for the epoch and the downloads folder, which are others, and the upload, which is over.
        static async Task<IEnumerable<string>> RowsAsync(BareCore core)
        {
            await using var db = await core.ContextAsync();
            return (await FullDatabase.ReadAsync(db, Cancel)).Where(line =>
                !line.StartsWith("FactRow(epoch).Value", StringComparison.Ordinal) && !line.StartsWith("FactRow(downloads).Value", StringComparison.Ordinal)
                && !(line.StartsWith("FileRow", StringComparison.Ordinal) && (line.Contains(").State", StringComparison.Ordinal) || line.Contains(").Failure", StringComparison.Ordinal)))).ToList();
        }
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(0)]
    [InlineData(8192)]
    public async Task Database_that_cannot_be_read_any_more_is_kept_aside_when_it_may_be_replaced(int intact)
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var core = await BareCore.StartAsync(("Storage:Provider", "Sqlite"));
        await using (var db = await core.ContextAsync())
        {
            db.Rooms.Add(new RoomRow { Name = "Of before", NameKey = "of before" });
            await db.SaveChangesAsync(token);
        }

        var options = core.Get<IOptions<ChatShareOptions>>().Value;
        await Backup.RunAsync(options, folder.File("backup"), NoKeys, progress: null, token);
        await core.CloseAsync();
        var file = Path.Combine(core.DataDirectory, "chatshare.db");
        var damaged = await File.ReadAllBytesAsync(file, token);
        damaged.AsSpan(intact).Fill((byte)'x');
        await File.WriteAllBytesAsync(file, damaged, token);
        await File.WriteAllTextAsync(file + "-wal", "of the damaged one", token);

        var refused = await Assert.ThrowsAsync<StorageException>(() => Restore.RunAsync(options, folder.File("backup"), replace: false, NoKeys, progress: null, token));
        Assert.Contains("With --replace", refused.Message, StringComparison.Ordinal);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(file, token));
        var (code, said) = await RunAsync(
            BackupCommand.RestoreAsync, [folder.File("backup"), "--replace", $"--ChatShare:DataDirectory={core.DataDirectory}", $"--ChatShare:Downloads:Directory={core.DownloadsDirectory}"]);

        Assert.True(code == 0, said);
        var aside = Directory.GetFiles(core.DataDirectory, "chatshare.db.damaged-*").Order(StringComparer.Ordinal).First();
        Assert.Contains($"kept as {aside}.", said, StringComparison.Ordinal);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(aside, token));
        Assert.True(File.Exists(aside + "-wal"));
        await core.RestartAsync();
        await using var restored = await core.ContextAsync();
        Assert.Equal("Of before", (await restored.Rooms.SingleAsync(token)).Name);
    }

    [Fact]
    public async Task Backup_has_no_place_in_the_downloads_folder_and_says_what_it_could_not_do()
    {
        await using var app = await RunningApp.StartAsync();
        string[] source = [$"--ChatShare:DataDirectory={app.DataDirectory}", $"--ChatShare:Downloads:Directory={app.DownloadsDirectory}", .. app.StorageSettings];
        foreach (var inside in new[] { app.DownloadsDirectory, Path.Combine(app.DownloadsDirectory, "backup"), Path.Combine(app.DownloadsDirectory, "..x") })
        {
            var (code, said) = await RunAsync(BackupCommand.BackupAsync, [inside, .. source]);
            Assert.Equal(1, code);
            Assert.Contains("is in the downloads folder", said, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(app.DownloadsDirectory, "*backup*"));
        var (_, elsewhere) = await RunAsync(BackupCommand.BackupAsync, ["/proc/backup", .. source]);
        Assert.StartsWith("ChatShare cannot backup: ", elsewhere, StringComparison.Ordinal);
        Assert.True((await RunAsync(BackupCommand.BackupAsync, [app.DownloadsDirectory + "2", .. source])).Code == 0);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Backup_needs_no_redis_and_restore_sees_nodes_that_have_names_of_their_own()
    {
        var token = TestContext.Current.CancellationToken;
        PostgreSqlServer.Require();
        RedisServer.Require();
        using var folder = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        string[] settings = [.. PostgreSqlServer.SettingsFor($"{await PostgreSqlServer.NewDatabaseAsync()};Application Name=node2"), $"ChatShare:Cluster:Redis={redis.Address}"];
        await using var app = await RunningApp.StartAsync(settings);
        // By the cookie there is a key.
        using var ann = await app.JoinAsync("Ann");
        string[] others = [.. app.StorageSettings.Select(setting => setting.Replace(";Application Name=node2", "", StringComparison.Ordinal))];
        string[] same = [$"--ChatShare:DataDirectory={app.DataDirectory}", $"--ChatShare:Downloads:Directory={app.DownloadsDirectory}", .. others];
        var backup = folder.File("backup");

        var (code, said) = await RunAsync(BackupCommand.BackupAsync, [backup, .. same, "--ChatShare:Cluster:Redis=127.0.0.1:1"]);
        Assert.True(code == 0, said);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(backup, "keys"), "key-*.xml"));
        (code, said) = await RunAsync(BackupCommand.RestoreAsync, [backup, "--replace", .. same, $"--ChatShare:Cluster:Redis={redis.Address}"]);
        Assert.Equal(1, code);
        Assert.Contains("in use by another ChatShare", said, StringComparison.Ordinal);
        using var still = await ann.GetAsync("/rooms/Lobby", token);
        Assert.True(still.IsSuccessStatusCode);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Kill_in_the_middle_of_either_is_known_and_the_same_command_does_it_then()
    {
        var token = TestContext.Current.CancellationToken;
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no file there that can be waited for.");
        using var folder = new TemporaryFolder();
        await using var app = await RunningApp.StartAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        await tus.AppendAsync(await tus.CreateAsync("plan.pdf", 3), 0, [1, 2, 3]);
        var sha256 = Make.Sha256([1, 2, 3]);
        var stored = Path.Combine(app.DownloadsDirectory, "files", sha256[..2], sha256);
        string[] source = [$"--ChatShare:DataDirectory={app.DataDirectory}", $"--ChatShare:Downloads:Directory={app.DownloadsDirectory}", .. app.StorageSettings];
        var backup = folder.File("backup");

        await KillAtAsync(stored, folder.File($"backup.unfinished/files/{sha256[..2]}"), [BackupCommand.Backup, backup, .. source]);
        Assert.False(Directory.Exists(backup));
        var (code, said) = await RunAsync(BackupCommand.BackupAsync, [backup, .. source]);
        Assert.True(code == 0, said);
        Assert.Equal(["backup"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
        var keys = Directory.GetFiles(Path.Combine(app.DataDirectory, "keys")).Select(Path.GetFileName).Order().ToList();
        Assert.NotEmpty(keys);
        Assert.Equal(keys, Directory.GetFiles(Path.Combine(backup, "keys")).Select(Path.GetFileName).Order());
        if (!OperatingSystem.IsWindows())
        {
            foreach (var key in Directory.GetFiles(Path.Combine(backup, "keys")))
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(backup));
        }

        Assert.Contains("is there already", (await RunAsync(BackupCommand.BackupAsync, [backup, .. source])).Said, StringComparison.Ordinal);

        string[] target = [$"--ChatShare:DataDirectory={folder.File("data")}", $"--ChatShare:Downloads:Directory={folder.File("downloads")}"];
        await KillAtAsync(
            Path.Combine(backup, "files", sha256[..2], sha256), folder.File($"downloads/files/{sha256[..2]}"), [BackupCommand.Restore, backup, .. target]);
        var unfinished = await Assert.ThrowsAsync<StorageException>(() => CoreHost.StartAtAsync(folder.Path, token, ("Storage:Provider", "Sqlite")));
        Assert.Contains("was not finished", unfinished.Message, StringComparison.Ordinal);
        (code, said) = await RunAsync(BackupCommand.RestoreAsync, [backup, .. target]);
        Assert.True(code == 0, said);
        await using var restored = await CoreHost.StartAtAsync(folder.Path, token, ("Storage:Provider", "Sqlite"));
        Assert.Equal([sha256], restored.Contents());
        Assert.Equal(keys, Directory.GetFiles(folder.File("data/keys")).Select(Path.GetFileName).Order());
    }

    /// <summary>Runs a command in a process of its own until it reads a file that does not come, and ends it there.</summary>
    private static async Task KillAtAsync(string file, string sign, string[] command)
    {
        File.Move(file, file + ".away");
        await Command.RequireAsync("mkfifo", file);
        using var process = Process.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "ChatShare.Web.dll"), .. command]);
        try
        {
            await Eventually.TrueAsync(() => Task.FromResult(Directory.Exists(sign) || process.HasExited));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(Cancel);
        }

        // Only a kill ends it with this.
        Assert.Equal(128 + 9, process.ExitCode);
        File.Move(file + ".away", file, overwrite: true);
    }

    private static async Task<(int Code, string Said)> RunAsync(Func<string[], TextWriter, TextWriter, CancellationToken, Task<int>> command, string[] args)
    {
        await using var said = new StringWriter(CultureInfo.InvariantCulture);
        return (await command(args, said, said, Cancel), said.ToString());
    }

    private static async Task<(string Key, string Value)[]> EngineAsync(bool postgreSql)
    {
        if (!postgreSql)
            return [("Storage:Provider", "Sqlite")];
        PostgreSqlServer.Require();
        return PostgreSqlServer.CoreSettingsFor(await PostgreSqlServer.NewDatabaseAsync());
    }

    private static ChatShareOptions Options(TemporaryFolder folder, (string Key, string Value)[] settings) => new()
    {
        DataDirectory = folder.File("data"),
        Downloads = new DownloadOptions { Directory = folder.File("downloads") },
        Storage = new StorageOptions
        {
            Provider = Enum.Parse<StorageProvider>(settings[0].Value), ConnectionString = settings.Length > 1 ? settings[1].Value : "",
        },
    };

    private static Task NoKeys(string folder, CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class Steps(Action<string> act) : IProgress<string>
    {
        public void Report(string value) => act(value);
    }
}
