using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>Where a scanner is configured, nothing of a file can be read before it was found clean.</summary>
public sealed class VirusScanTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a letter", null)]
    [InlineData("chatter", null)]
    [InlineData("", null)]
    [InlineData("infected", VirusScan.Found)]
    [InlineData("broken", VirusScan.NotChecked)]
    [InlineData("crash", VirusScan.NotChecked)]
    public async Task Answer_of_the_scanner_decides_what_becomes_of_the_file(string content, string? sentence)
    {
        using var scanner = new StandInScanner();
        await using var host = await CoreHost.StartAsync(Cancel, ("Scan:Command", scanner.Command));
        await using var anna = await host.EnterAsync("anna", Cancel);
        var upload = await host.OfferAsync(anna, "a", content.Length, Cancel);
        var append = upload.AppendAsync(0, new MemoryStream(Encoding.ASCII.GetBytes(content)), Cancel);
        if (sentence is null)
        {
            await append;
            Assert.Equal(FileState.Ready, upload.File.State);
        }
        else
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => append);
            Assert.Equal((RefusalKind.Gone, sentence), (refused.Kind, refused.Message));
            Assert.Equal((FileState.Failed, sentence), (upload.File.State, upload.File.Failure));
            Assert.Empty(host.Contents());
        }

        Assert.Single(scanner.Calls);
        Assert.Empty(host.PartialFiles());
        Assert.Equal(upload.File, (await host.AllAsync(host.Lobby, Cancel)).Single().Files.Single());
        Assert.Equal(content is "broken" or "crash", host.Errors.Count > 0);
    }

    [Fact]
    public async Task Scanner_that_hangs_is_killed_after_its_time_and_one_that_is_gone_lets_nothing_through()
    {
        using var scanner = new StandInScanner();
        await using (var host = await CoreHost.StartAsync(Cancel, ("Scan:Command", scanner.Command), ("Scan:TimeoutSeconds", "1")))
        {
            await using var anna = await host.EnterAsync("anna", Cancel);
            var refused = await Assert.ThrowsAsync<RefusedException>(() => host.ShareAsync(anna, "a", "hang"u8.ToArray(), Cancel));
            Assert.Equal(VirusScan.TookTooLong, refused.Message);
            await Eventually.TrueAsync(() => Task.FromResult(!StandInScanner.IsRunning(scanner.Calls[0])));
        }

        await using (var host = await CoreHost.StartAsync(Cancel, ("Scan:Command", scanner.Command)))
        {
            File.Delete(scanner.Command);
            await using var anna = await host.EnterAsync("anna", Cancel);
            var refused = await Assert.ThrowsAsync<RefusedException>(() => host.ShareAsync(anna, "a", [1], Cancel));
            Assert.Equal(VirusScan.NotChecked, refused.Message);
            Assert.Empty(host.Contents());
        }
    }

    [Fact]
    public async Task Path_stands_where_it_is_asked_for_and_no_shell_reads_the_arguments()
    {
        using var scanner = new StandInScanner();
        await using var host = await CoreHost.StartAsync(
            Cancel, ("Scan:Command", scanner.Command), ("Scan:Arguments:0", "$(touch x); a b"), ("Scan:Arguments:1", "--file={path}"), ("Scan:Arguments:2", "{path}"));
        await using var anna = await host.EnterAsync("anna", Cancel);
        var upload = await host.ShareAsync(anna, "$(reboot)", "clean"u8.ToArray(), Cancel);

        var path = Path.Combine(host.Downloads, "partial", upload.Id.ToString());
        Assert.Equal(["$(touch x); a b", "--file=" + path, path], scanner.Arguments);
        Assert.DoesNotContain(scanner.Environment, line => line.StartsWith("ChatShare", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task While_it_is_checked_the_card_says_so_and_nothing_can_be_read()
    {
        using var scanner = new StandInScanner();
        scanner.Hold();
        await using var app = await RunningApp.StartAsync($"ChatShare:Scan:Command={scanner.Command}");
        var ann = await app.JoinAsync("Ann");
        var tus = new TusClient(app, ann);
        var location = await tus.CreateAsync("a.txt", 10);
        var file = location.Replace("/uploads/", "/files/", StringComparison.Ordinal) + "/a.txt";
        var upload = Assert.Single(app.Get<UploadService>().Active);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, "01234"u8.ToArray()));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(ann, file));

        var last = tus.AppendAsync(location, 5, "56789"u8.ToArray());
        await scanner.CalledAsync(1);
        Assert.Equal((true, false, true), (upload.Progress.IsChecking, upload.Progress.IsPaused, upload.IsUnderWay));
        Assert.Equal(FileState.Uploading, upload.File.State);
        foreach (var address in new[] { file, file + "?inline", location.Replace("/uploads/", "/thumbnails/", StringComparison.Ordinal), $"/files/archive?with={upload.Id}", "/files/archive?room=Lobby" })
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(ann, address));
        // Whoever asks meanwhile waits for the answer, and takes nobody's place.
        var asked = tus.OffsetAsync(location);

        scanner.Release();
        Assert.Equal(HttpStatusCode.NoContent, await last);
        Assert.Equal(10, await asked);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ann, file));
        Assert.Single(scanner.Calls);
    }

    [Fact]
    public async Task Infected_file_is_410_with_the_sentence_for_its_sender()
    {
        using var scanner = new StandInScanner();
        await using var app = await RunningApp.StartAsync($"ChatShare:Scan:Command={scanner.Command}");
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var location = await tus.CreateAsync("a.txt", 8);
        using var answer = await tus.AppendAsync(location, 0, TusClient.Part("infected"u8.ToArray()));
        Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
        Assert.Contains(VirusScan.Found, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Gone, await tus.StatusAsync("HEAD", location));

        using var whole = await tus.SendAsync(
            "POST", "/uploads", TusClient.Part("infected"u8.ToArray()), ("Upload-Length", "8"), ("Upload-Metadata", TusClient.Metadata("b")));
        Assert.Equal(HttpStatusCode.Gone, whole.StatusCode);
    }

    [Fact]
    public async Task Upload_that_is_called_off_while_it_is_checked_is_gone_and_its_scanner_too()
    {
        using var scanner = new StandInScanner();
        scanner.Hold();
        await using var host = await CoreHost.StartAsync(Cancel, ("Scan:Command", scanner.Command));
        await using var anna = await host.EnterAsync("anna", Cancel);
        var upload = await host.OfferAsync(anna, "a", 1, Cancel);
        var append = upload.AppendAsync(0, new MemoryStream([1]), Cancel);
        await scanner.CalledAsync(1);
        await upload.CancelAsync(anna.Participant.Session, Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        Assert.Equal(FileState.Cancelled, upload.File.State);
        Assert.Empty(host.PartialFiles());
        Assert.Empty(host.Contents());
        await Eventually.TrueAsync(() => Task.FromResult(!StandInScanner.IsRunning(scanner.Calls[0])));
    }

    [Fact]
    public async Task Program_that_is_stopped_while_it_checks_does_so_again_at_its_start()
    {
        using var scanner = new StandInScanner();
        scanner.Hold();
        await using var host = await CoreHost.StartAsync(Cancel, ("Scan:Command", scanner.Command));
        var anna = await host.EnterAsync("anna", Cancel);
        var upload = await host.OfferAsync(anna, "a", 1, Cancel);
        var append = upload.AppendAsync(0, new MemoryStream([1]), Cancel);
        await scanner.CalledAsync(1);
        var stopping = host.StopAsync(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        await stopping;

        await host.StartAgainAsync(Cancel);
        await scanner.CalledAsync(2);
        Assert.Equal(FileState.Uploading, (await host.AllAsync(host.Lobby, Cancel)).Single().Files.Single().State);
        scanner.Release();
        await host.Uploads.Find(upload.Id)!.Ended.WaitAsync(Cancel);
        Assert.Equal(FileState.Ready, (await host.AllAsync(host.Lobby, Cancel)).Single().Files.Single().State);
    }

    [Fact]
    public async Task Server_that_is_killed_while_it_checks_lets_nobody_read_before_it_has_checked_again()
    {
        using var scanner = new StandInScanner();
        scanner.Hold();
        await using var server = await ServerProcess.StartAsync(Cancel, $"ChatShare:Scan:Command={scanner.Command}");
        using var http = new HttpClient { BaseAddress = new Uri(server.Address) };
        using (var joined = await http.PostAsJsonAsync("/api/session", new { nickname = "Ann" }, Cancel))
        {
            var session = await joined.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session.GetProperty("accessToken").GetString());
        }

        using var creation = new HttpRequestMessage(HttpMethod.Post, "/uploads") { Content = TusClient.Part("clean"u8.ToArray()) };
        creation.Headers.Add("Tus-Resumable", "1.0.0");
        creation.Headers.Add("Upload-Length", "5");
        creation.Headers.Add("Upload-Metadata", TusClient.Metadata("a"));
        var created = http.SendAsync(creation, Cancel);
        await scanner.CalledAsync(1);
        var id = Path.GetFileName(Assert.Single(TestFiles.PartialIn(server.Downloads)));
        await server.KillAsync(Cancel);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => created);

        await server.StartAgainAsync(Cancel);
        await scanner.CalledAsync(2);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, $"/files/{id}/a"));
        scanner.Release();
        await Eventually.TrueAsync(async () => await StatusAsync(http, $"/files/{id}/a") == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Clamdscan_finds_the_test_file_that_all_scanners_know()
    {
        Assert.SkipUnless(ClamAnswers(), "clamdscan is not installed, or its daemon does not answer.");
        await using var host = await CoreHost.StartAsync(
            Cancel, ("Scan:Command", "clamdscan"), ("Scan:Arguments:0", "--fdpass"), ("Scan:Arguments:1", "--no-summary"));
        await using var anna = await host.EnterAsync("anna", Cancel);
        // In two pieces, lest a scanner finds this source.
        var eicar = Encoding.ASCII.GetBytes(@"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*");
        var refused = await Assert.ThrowsAsync<RefusedException>(() => host.ShareAsync(anna, "eicar.com", eicar, Cancel));
        Assert.Equal(VirusScan.Found, refused.Message);
        Assert.Equal(FileState.Ready, (await host.ShareAsync(anna, "letter.txt", "hello"u8.ToArray(), Cancel)).File.State);
    }

    private static bool ClamAnswers()
    {
        try
        {
            using var ping = Process.Start(new ProcessStartInfo("clamdscan", ["--ping", "1"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            ping.WaitForExit();
            return ping.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string address)
    {
        using var response = await client.GetAsync(address, Cancel);
        return response.StatusCode;
    }
}
