using System.Text.Json;
using ChatShare.Cli.Http;
using ChatShare.Cli.State;
using ChatShare.Cli.Transfers;
using ChatShare.Tests.Api;
using ChatShare.Tests.EndToEnd;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Cli;

/// <summary>Kills, cuts, restarts and full disks: nothing is sent twice, nothing is lost.</summary>
public sealed class BrokenLineTests(CliServer server) : IClassFixture<CliServer>
{
    private const int Size = 12_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_upload_that_was_killed_goes_on_with_the_same_command_and_sends_only_the_rest()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        var content = Make.Bytes(Size, seed: 21);
        home.Write("disk.img", content);
        var room = await server.RoomAsync("Kills");
        await home.RunAsync("signin", "--nick", "Kim");
        cable.HoldAfter(cable.Sent + (Size / 2));
        await using (var first = home.Start("upload", "disk.img", "--room", room))
        {
            await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > Size / 2));
            await first.KillAsync();
        }

        cable.HoldAfter(long.MaxValue);
        var before = cable.Sent;
        var second = await home.RunAsync("upload", "disk.img", "--room", room, "--json");

        Assert.True(second.Code == 0, second.Notes);
        Assert.InRange(cable.Sent - before, Size / 4, (Size / 2) + 500_000);
        var id = JsonDocument.Parse(second.Output).RootElement.GetProperty("id").GetString()!;
        Assert.Equal(0, (await home.RunAsync("get", id, "--room", room, "--to", "back")).Code);
        Assert.Equal(Make.Sha256(content), Make.Sha256(await File.ReadAllBytesAsync(home.File("back/disk.img"), Cancel)));
        await home.RunAsync("send", "--room", room, "the end");
        await using var tail = home.Start("tail", "--room", room, "--after", "0", "--json");
        await tail.SeesAsync("the end");
        // One message with the file, one with the words.
        Assert.Equal(2, tail.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Number).Distinct().Count());
    }

    [Fact]
    public async Task Several_files_whose_upload_was_killed_become_one_message_and_none_is_sent_twice()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        string[] names = ["a.bin", "b.bin", "c.bin"];
        foreach (var (name, seed) in names.Zip([51, 52, 53]))
            home.Write(name, Make.Bytes(Size / 3, seed));
        string[] command = ["upload", .. names, "--room", await server.RoomAsync("Batches"), "--json"];
        await home.RunAsync("signin", "--nick", "Bea");
        // In the middle of the second one.
        cable.HoldAfter(cable.Sent + (Size / 2));
        await using (var first = home.Start(command))
        {
            await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > Size / 2));
            await first.KillAsync();
        }

        cable.HoldAfter(long.MaxValue);
        var before = cable.Sent;
        var second = await home.RunAsync(command);

        Assert.True(second.Code == 0, second.Notes);
        Assert.InRange(cable.Sent - before, Size / 3, (Size / 2) + 500_000);
        Assert.Equal([names], await MessagesAsync());
        // That was that: the same command shares them once more.
        Assert.Equal(0, (await home.RunAsync(command)).Code);
        Assert.Equal([names, names], await MessagesAsync());

        async Task<List<string[]>> MessagesAsync()
        {
            using var reader = await ApiClient.SignInAsync(server.App, $"Reader {Make.ClientId()[..8]}");
            return [.. (await reader.GetAsync("/api/rooms/Batches/messages")).EnumerateArray()
                .Select(message => message.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString()!).ToArray())];
        }
    }

    [Fact]
    public async Task A_download_that_was_killed_goes_on_with_the_same_command_and_fetches_only_the_rest()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        var content = Make.Bytes(Size, seed: 22);
        home.Write("film.bin", content);
        await home.RunAsync("upload", "film.bin", "--nick", "Lea");
        cable.SlowTo(800_000);
        await using (var first = home.Start("get", "film.bin"))
        {
            await Eventually.TrueAsync(() => Task.FromResult(Directory.Exists(home.File("downloads")) && PartSize(home) > 1_000_000));
            await first.KillAsync();
        }

        var kept = PartSize(home);
        cable.SlowTo(0);
        var before = cable.Brought;
        var second = await home.RunAsync("get", "film.bin");

        Assert.True(second.Code == 0, second.Notes);
        Assert.InRange(cable.Brought - before, 1, Size - kept + 100_000);
        Assert.Equal(Make.Sha256(content), Make.Sha256(await File.ReadAllBytesAsync(home.File("downloads/film.bin"), Cancel)));
        Assert.Single(Directory.GetFiles(home.File("downloads")));
    }

    [Fact]
    public async Task A_transfer_survives_a_line_that_breaks_and_comes_back()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        var content = Make.Bytes(Size, seed: 23);
        home.Write("cut.bin", content);
        await home.RunAsync("signin", "--nick", "Max");
        cable.HoldAfter(cable.Sent + (Size / 2));
        await using var run = home.Start("upload", "cut.bin");
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > Size / 2));
        cable.HoldAfter(long.MaxValue);

        cable.Pull();
        cable.PutBack();

        Assert.Equal(0, (await run.EndAsync()).Code);
        cable.SlowTo(8_000_000);
        await using var get = home.Start("get", "cut.bin");
        await Eventually.TrueAsync(() => Task.FromResult(Directory.Exists(home.File("downloads")) && PartSize(home) > 500_000));
        cable.Pull();
        cable.SlowTo(0);
        cable.PutBack();
        Assert.Equal(0, (await get.EndAsync()).Code);
        Assert.Equal(Make.Sha256(content), Make.Sha256(await File.ReadAllBytesAsync(home.File("downloads/cut.bin"), Cancel)));
    }

    [Fact]
    public async Task Ctrl_C_leaves_an_upload_to_be_gone_on_with()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        home.Write("wait.bin", Make.Bytes(Size, seed: 24));
        await home.RunAsync("signin", "--nick", "Nora");
        cable.HoldAfter(cable.Sent + (Size / 2));
        await using var run = home.Start("upload", "wait.bin");
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > Size / 2));

        await run.InterruptAsync();

        var result = await run.EndAsync();
        Assert.Equal(130, result.Code);
        Assert.Contains("The same command goes on.", result.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_sent_is_not_shared()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        var path = home.Write("log.txt", Make.Bytes(Size, seed: 25));
        await home.RunAsync("signin", "--nick", "Otto");
        cable.HoldAfter(cable.Sent + (Size / 2));
        await using var run = home.Start("upload", "log.txt");
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > Size / 2));

        await File.AppendAllTextAsync(path, "more", Cancel);
        cable.HoldAfter(long.MaxValue);
        cable.Pull();
        cable.PutBack();

        var result = await run.EndAsync();
        Assert.Equal(5, result.Code);
        Assert.Contains("was changed while it was sent", result.Notes, StringComparison.Ordinal);
        Assert.Equal(1, (await home.RunAsync("get", "log.txt")).Code);
    }

    [Fact]
    public async Task A_file_that_vanishes_while_it_is_sent_is_sent_to_its_end_and_is_not_there_for_the_next_command()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps a file in its place while it is open.");
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        var content = Make.Bytes(Size, seed: 28);
        var path = home.Write("gone.bin", content);
        await home.RunAsync("signin", "--nick", "Olga");
        var limit = cable.Sent + (Size / 2);
        cable.HoldAfter(limit);
        await using var run = home.Start("upload", "gone.bin");
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > limit));

        File.Delete(path);
        cable.HoldAfter(long.MaxValue);
        cable.Pull();
        cable.PutBack();

        Assert.Equal(0, (await run.EndAsync()).Code);
        Assert.Equal(0, (await home.RunAsync("get", "gone.bin")).Code);
        Assert.Equal(Make.Sha256(content), Make.Sha256(await File.ReadAllBytesAsync(home.File("downloads/gone.bin"), Cancel)));
        var again = await home.RunAsync("upload", "gone.bin");
        Assert.Equal(5, again.Code);
        Assert.Contains($"There is no file {path}.", again.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_what_has_come_is_kept()
    {
        using var disk = TinyDisk.TryMount(kilobytes: 2000, files: 20);
        Assert.SkipWhen(disk is null, "Mounting needs Linux and root.");
        using var home = new CliHome(server.App.Address);
        var content = Make.Bytes(1_500_000, seed: 26);
        home.Write("big.bin", content);
        await home.RunAsync("upload", "big.bin", "--nick", "Paul");
        disk.FillTo(freeKilobytes: 600);

        var full = await home.RunAsync("get", "big.bin", "--to", disk.Path);
        disk.Empty();
        var again = await home.RunAsync("get", "big.bin", "--to", disk.Path);

        Assert.Equal(5, full.Code);
        Assert.Contains("The disk is full", full.Notes, StringComparison.Ordinal);
        Assert.Contains(".part", full.Notes, StringComparison.Ordinal);
        Assert.Equal(0, again.Code);
        Assert.Equal(Make.Sha256(content), Make.Sha256(await File.ReadAllBytesAsync(Path.Combine(disk.Path, "big.bin"), Cancel)));
    }

    [Fact]
    public async Task What_comes_is_not_written_through_a_link()
    {
        using var home = new CliHome(server.App.Address);
        home.Write("long.bin", Make.Bytes(3000, seed: 27));
        home.Write("precious", [1, 2, 3]);
        var shared = await home.RunAsync("upload", "long.bin", "--nick", "Linker", "--json");
        var id = JsonDocument.Parse(shared.Output).RootElement.GetProperty("id").GetString()!;
        Directory.CreateDirectory(home.File("downloads"));
        File.CreateSymbolicLink(home.File($"downloads/{LocalFileName.Part("long.bin", id)}"), home.File("precious"));

        var refused = await home.RunAsync("get", "long.bin");

        Assert.Equal(5, refused.Code);
        Assert.Contains("is a link", refused.Notes, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(home.File("precious"), Cancel));
    }

    [Fact]
    public async Task Whoever_follows_sees_every_message_once_over_restarts_of_the_server_and_cuts_of_the_line()
    {
        await using var app = await RunningApp.StartAsync();
        await using var cable = new Cable(app.Address);
        using var reader = new CliHome(cable.Address);
        using var writer = new CliHome(app.Address);
        await reader.RunAsync("signin", "--nick", "Quinn");
        await writer.RunAsync("signin", "--nick", "Rita");
        await writer.RunAsync("send", "1");
        await using var tail = reader.Start("tail", "--json", "--after", "0", "--count", "6");
        await tail.SeesAsync("\"text\":\"1\"");

        await app.StopAsync();
        await tail.SeesAsync("Trying again");
        await app.StartAgainAsync();
        await writer.RunAsync("send", "2");
        await tail.SeesAsync("\"text\":\"2\"");
        cable.Pull();
        await writer.RunAsync("send", "3");
        await writer.RunAsync("send", "4");
        cable.PutBack();
        await tail.SeesAsync("\"text\":\"4\"");
        await app.StopAsync();
        await app.StartAgainAsync();
        await writer.RunAsync("send", "5");
        await writer.RunAsync("send", "6");

        var result = await tail.EndAsync();
        Assert.Equal([1, 2, 3, 4, 5, 6], result.Lines.Select(Number));
        Assert.Contains("Connected again.", result.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_that_is_not_answered_is_asked_again()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        using var file = SentFile.Open(home.Write("asked.bin", Make.Bytes(Size, seed: 29)));
        using var client = await JoinAsync(cable, "Asker", patience: TimeSpan.FromMilliseconds(500));
        var uploader = UploaderOf(client, home, TimeProvider.System);
        using var meter = new Meter("asked.bin", Size, TimeProvider.System, _ => { });
        var limit = cable.Sent + (Size / 2);
        cable.HoldAfter(limit);

        var upload = uploader.SendAsync(file, new Destination("Asker", "Lobby", Batch: null, Index: 0), meter, Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > limit));
        var body = cable.Sent;
        // The bytes were given up; how many have come is asked, and stays on the way for good.
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > body));
        cable.HoldAfter(long.MaxValue);

        await upload.WaitAsync(Make.PatienceForOne, Cancel);
    }

    [Fact]
    public async Task A_long_upload_goes_on_after_a_break_also_when_its_bytes_went_out_in_one_piece()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        using var file = SentFile.Open(home.Write("long.bin", Make.Bytes(Size, seed: 30)));
        using var client = await JoinAsync(cable, "Longer");
        var clock = new ForwardClock();
        var uploader = UploaderOf(client, home, clock);
        var limit = cable.Sent + (Size / 2);
        cable.HoldAfter(limit);
        // Ten minutes go by with the first bytes.
        var began = false;
        using var meter = new Meter("long.bin", Size, TimeProvider.System, meter =>
        {
            if (meter.Done == 0 || began)
                return;
            began = true;
            clock.Advance(TimeSpan.FromMinutes(10));
        });

        var upload = uploader.SendAsync(file, new Destination("Longer", "Lobby", Batch: null, Index: 0), meter, Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > limit));
        cable.HoldAfter(long.MaxValue);
        cable.Pull();
        cable.PutBack();

        await upload;
    }

    [Fact]
    public async Task A_line_that_carries_nothing_any_more_is_given_up_and_another_is_made()
    {
        await using var cable = new Cable(server.App.Address);
        using var home = new CliHome(cable.Address);
        var content = Make.Bytes(Size, seed: 27);
        using var file = SentFile.Open(home.Write("silent.bin", content));
        using var client = await JoinAsync(cable, "Silent", patience: TimeSpan.FromSeconds(2));
        var uploader = UploaderOf(client, home, TimeProvider.System);
        using var meter = new Meter("silent.bin", Size, TimeProvider.System, _ => { });
        cable.HoldAfter(cable.Sent + (Size / 2));

        var upload = uploader.SendAsync(file, new Destination("Silent", "Lobby", Batch: null, Index: 0), meter, Cancel);
        await Eventually.TrueAsync(() => Task.FromResult(cable.Sent > Size / 2));
        cable.HoldAfter(long.MaxValue);

        var sent = await upload;
        var got = await new Downloader(client, TimeProvider.System).GetAsync(
            new(sent.Id, sent.Name, sent.Size, Make.Sha256(content), FileStates.Ready), home.File("got"), meter, Cancel);
        Assert.Equal((Make.Sha256(content), false), (got.Sha256, got.WasHere));
    }

    private static async Task<ChatShareClient> JoinAsync(Cable cable, string nickname, TimeSpan? patience = null)
    {
        var client = new ChatShareClient(new Uri(cable.Address + "/"), token: null, trustedCertificate: null) { Patience = patience ?? TimeSpan.FromSeconds(30) };
        client.Token = (await client.OpenSessionAsync(new(nickname, null, null), Cancel)).AccessToken;
        return client;
    }

    private static Uploader UploaderOf(ChatShareClient client, CliHome home, TimeProvider time) => new(
        client, new UploadMemory(new Folders(home.File("config"), home.File("state")), time, _ => { }), time) { Silence = TimeSpan.FromMilliseconds(500) };

    private static long Number(string line) => JsonDocument.Parse(line).RootElement.GetProperty("number").GetInt64();

    private static long PartSize(CliHome home) => Directory.GetFiles(home.File("downloads"), "*.part").Sum(path => new FileInfo(path).Length);
}
