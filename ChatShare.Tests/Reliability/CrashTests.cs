using System.Globalization;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace ChatShare.Tests.Reliability;

/// <summary>What was acknowledged is there, however the program ends. It is killed here, which a stopped program cannot show.</summary>
public sealed class CrashTests
{
    private const int Window = 50;
    private const int TwoHours = 7_200_000;

    private static readonly int Kills = Make.IsLong ? 200 : 6;
    private static readonly int PostgreSqlKills = Make.IsLong ? 50 : 2;
    private static readonly int UploadKills = Make.IsLong ? 40 : 3;

    [Theory(Timeout = TwoHours)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Acknowledged_messages_survive_kills_once_and_in_order(bool onPostgreSql)
    {
        var token = TestContext.Current.CancellationToken;
        if (onPostgreSql)
            PostgreSqlServer.Require();
        var kills = onPostgreSql ? PostgreSqlKills : Kills;
        var folder = Directory.CreateTempSubdirectory("chatshare-crash-").FullName;
        if (onPostgreSql)
            await File.WriteAllTextAsync(Path.Combine(folder, CrashChild.DatabaseFile), await PostgreSqlServer.NewDatabaseAsync(), token);
        var acknowledged = new Dictionary<string, long>(StringComparer.Ordinal);
        var unacknowledged = new List<string>();
        var sent = 0;

        for (var life = 0; life <= kills; life++)
        {
            using var server = new Victim(folder);
            await server.UntilReadyAsync(token);
            foreach (var clientId in unacknowledged)
                await server.TrySendAsync($"{clientId}\ttext of {clientId}", token);
            // The moment of the kill is a number of acknowledgements, which falls anywhere between two commits.
            var lives = Random.Shared.Next(1, 400);
            while (lives-- > 0 || (life == kills && unacknowledged.Count > 0))
            {
                while (lives > 0 && unacknowledged.Count < Window)
                {
                    var clientId = string.Create(CultureInfo.InvariantCulture, $"m{sent++}");
                    unacknowledged.Add(clientId);
                    await server.TrySendAsync($"{clientId}\ttext of {clientId}", token);
                }

                Take(await server.ReadLineAsync(token) ?? throw new InvalidOperationException("The server died by itself."));
            }

            await server.KillAsync(token);
            while (await server.ReadLineAsync(token) is { } line)
                Take(line);
        }

        await using (var host = await CrashChild.StartAsync(folder, token))
        {
            var log = await host.AllAsync(host.Lobby, token);
            Assert.Equal(sent, acknowledged.Count);
            Assert.Equal(Enumerable.Range(0, sent).Select(n => $"m{n}"), log.Select(message => message.ClientId));
            Assert.Equal(Enumerable.Range(1, sent).Select(n => (long)n), log.Select(message => message.Number));
            Assert.Equal(Enumerable.Range(1, sent).Select(n => (long)n), log.Select(message => message.Ordinal));
            Assert.All(log, message => Assert.Equal(acknowledged[message.ClientId], message.Number));
            Assert.All(log, message => Assert.Equal($"text of {message.ClientId}", message.Text));
            Assert.Equal(sent, host.Lobby.LastNumber);
            await using var db = await host.OpenDatabaseAsync(token);
            if (!onPostgreSql)
                Assert.Equal("ok", (await db.Database.SqlQueryRaw<string>("PRAGMA integrity_check").ToListAsync(token)).Single());
        }

        Directory.Delete(folder, recursive: true);

        void Take(string line)
        {
            var fields = line.Split('\t');
            var number = long.Parse(fields[1], CultureInfo.InvariantCulture);
            Assert.True(acknowledged.TryAdd(fields[0], number), $"{fields[0]} was acknowledged twice.");
            Assert.True(unacknowledged.Remove(fields[0]), $"{fields[0]} was never sent.");
        }
    }

    [Fact(Timeout = TwoHours)]
    public async Task A_kill_during_uploads_leaves_whole_files_and_uploads_that_go_on_and_nothing_else()
    {
        var token = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("chatshare-crash-").FullName;
        var acknowledged = new Dictionary<string, (int Seed, int Length)>(StringComparer.Ordinal);
        var all = new Dictionary<string, (int Seed, int Length)>(StringComparer.Ordinal);
        var sent = 0;
        for (var life = 0; life < UploadKills; life++)
        {
            using var server = new Victim(folder);
            await server.UntilReadyAsync(token);
            var files = Enumerable.Range(0, 40).Select(_ => (Seed: sent++, Length: Random.Shared.Next(0, 3_000_000)))
                .ToDictionary(file => string.Create(CultureInfo.InvariantCulture, $"f{file.Seed}"));
            foreach (var (clientId, file) in files.Take(8))
                await SendAsync(clientId, file);
            var waiting = new Queue<KeyValuePair<string, (int Seed, int Length)>>(files.Skip(8));
            var lives = Random.Shared.Next(1, 30);
            while (lives-- > 0)
            {
                Take(await server.ReadLineAsync(token) ?? throw new InvalidOperationException("The server died by itself."));
                var (clientId, file) = waiting.Dequeue();
                await SendAsync(clientId, file);
            }

            // The last one is too large to be there by now.
            await SendAsync($"big{life}", (life, 200_000_000));
            await server.KillAsync(token);
            while (await server.ReadLineAsync(token) is { } line)
                Take(line);

            Task<bool> SendAsync(string clientId, (int Seed, int Length) file)
            {
                all[clientId] = file;
                return server.TrySendAsync(string.Create(CultureInfo.InvariantCulture, $"{clientId}\t{file.Seed}\t{file.Length}"), token);
            }

            void Take(string line) => acknowledged.Add(line.Split('\t')[0], files[line.Split('\t')[0]]);
        }

        await using (var host = await CoreHost.StartAtAsync(folder, token))
        {
            // Whoever sends them comes back and goes on where the server's bytes end.
            var sender = await CrashChild.PersonAsync(host, folder, token);
            foreach (var upload in host.Uploads.Active.ToList())
            {
                var (found, _) = await host.Uploads.FindOwnAsync(upload.Id, sender, token);
                if (found is null || found.Received == found.Length)
                {
                    // Its last byte was here: the start ends it by itself.
                    await Eventually.TrueAsync(() => Task.FromResult(host.Uploads.Find(upload.Id) is null));
                    continue;
                }

                var (seed, length) = all[upload.File.Name];
                if (length > 100_000_000)
                    await found!.CancelAsync(sender, token);
                else
                    await found!.AppendAsync(sender, found.Received, new MemoryStream(Make.Bytes(length, seed)[(int)found.Received..]), checksum: null, token);
            }

            var files = (await host.AllAsync(host.Lobby, token)).SelectMany(message => message.Files).ToList();
            Assert.Empty(host.PartialFiles());
            Assert.All(files, file => Assert.True(
                file.State == (all[file.Name].Length > 100_000_000 ? FileState.Cancelled : FileState.Ready), $"{file.Name} is {file.State}: {file.Failure}"));
            Assert.All(files.Where(file => file.State == FileState.Ready), file =>
                Assert.Equal(Make.Sha256(Make.Bytes(all[file.Name].Length, all[file.Name].Seed)), file.Sha256));
            var ready = files.Where(file => file.State == FileState.Ready).ToDictionary(file => file.Name);
            Assert.Subset(ready.Keys.ToHashSet(), acknowledged.Keys.ToHashSet());
            Assert.Equal(ready.Values.Select(file => file.Sha256!).Distinct().Order(), host.Contents().Order());
            var store = host.Get<DownloadStore>();
            foreach (var file in ready.Values)
            {
                var content = await File.ReadAllBytesAsync(store.ContentPath(file.Sha256!), token);
                Assert.Equal(file.Length, content.Length);
                Assert.Equal(file.Sha256, Make.Sha256(content));
            }

            foreach (var (name, (seed, length)) in acknowledged)
                Assert.Equal(Make.Sha256(Make.Bytes(length, seed)), ready[name].Sha256);
        }

        Directory.Delete(folder, recursive: true);
    }
}
