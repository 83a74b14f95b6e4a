using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using ChatShare.Web;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatShare.Tests;

/// <summary>The program itself: what it prints and how it ends.</summary>
public sealed class StartTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--ChatShare:Limits:FileBytes=many", "ChatShare:Limits:FileBytes")]
    [InlineData("--ChatShare:Downloads:PartialFileHours=0", "ChatShare:Downloads:PartialFileHours")]
    [InlineData("--Kestrel:Endpoints:Web:Url=nonsense", "Kestrel:Endpoints:Web:Url")]
    [InlineData("--Kestrel:Endpoints:Web:Url=", "Kestrel:Endpoints:Web:Url")]
    [InlineData("--Kestrel:Endpoints:Web:Url=ftp://127.0.0.1:1", "Kestrel:Endpoints:Web:Url")]
    [InlineData("--Kestrel:Endpoints:Web:Url=http://127.0.0.1:2080x", "Kestrel:Endpoints:Web:Url")]
    [InlineData("--Kestrel:Endpoints:Web:Url=http://256.1.1.1:0", "Kestrel:Endpoints:Web:Url")]
    [InlineData("--Kestrel:Endpoints:Web:Url=http://chat.example:0", "Kestrel:Endpoints:Web:Url")]
    [InlineData("--Kestrel:Endpoints:Web:Url=http://127.1:0", "Kestrel:Endpoints:Web:Url")]
    [InlineData("--Kestrel:Endpoints:Other:Url=foo", "Kestrel:Endpoints:Other:Url")]
    [InlineData("--Kestrel:Endpoints:Web:Url=https://127.0.0.1:1", "Kestrel:Endpoints:Web:Certificate")]
    [InlineData("--Kestrel:Endpoints:Web:Url=http://192.0.2.1:1", "Kestrel:Endpoints:Web:Url")]
    [InlineData("--ChatShare:Gateway:Endpoint=5555", "ChatShare:Gateway:Endpoint")]
    [InlineData("--ChatShare:Gateway:Endpoint=192.0.2.1:5555", "ChatShare:Gateway:Endpoint")]
    [InlineData("--OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317", "OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("--OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 --OTEL_EXPORTER_OTLP_HEADERS=bad", "OTEL_EXPORTER_OTLP_HEADERS")]
    [InlineData("--OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 --OTEL_EXPORTER_OTLP_METRICS_HEADERS=a=b,c", "OTEL_EXPORTER_OTLP_METRICS_HEADERS")]
    [InlineData("--Logging:LogLevel:Default=Loud", "Logging:LogLevel:Default")]
    [InlineData("--ChatShare:Downloads:Directory=/proc/downloads", "ChatShare:Downloads:Directory")]
    [InlineData("--ChatShare:DataDirectory=/proc/data", "ChatShare:DataDirectory")]
    public async Task Broken_setting_is_named_in_one_line(string arguments, string key)
    {
        using var folder = new TemporaryFolder();
        var (code, error) = await RunHereAsync(folder, arguments.Split(' '));

        Assert.Equal(1, code);
        Assert.Contains(key, Assert.Single(error), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Root", "too short")]
    [InlineData("Ro<t", "correct horse battery")]
    public async Task Configured_administrator_that_cannot_be_is_told_in_one_line(string name, string password)
    {
        using var folder = new TemporaryFolder();
        var (code, error) = await RunHereAsync(folder, $"--ChatShare:Admin:UserName={name}", $"--ChatShare:Admin:Password={password}");

        Assert.Equal(1, code);
        var line = Assert.Single(error);
        Assert.Contains("ChatShare:Admin", line, StringComparison.Ordinal);
        Assert.DoesNotContain(password, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Password1234!", 0)]
    [InlineData("password1234", 1)]
    [InlineData("RootRootRoot", 1)]
    public async Task Configured_administrator_may_have_any_password_that_is_long_enough_and_is_warned_once_of_a_guessable_one(string password, int warnings)
    {
        var log = new Collector();
        await using var app = await RunningApp.StartAsync(
            builder => builder.Services.AddSingleton<ILoggerProvider>(log), "ChatShare:Admin:UserName=Root", $"ChatShare:Admin:Password={password}");
        await app.StopAsync();
        await app.StartAgainAsync();

        Assert.Null(app.SetupUrl);
        Assert.NotNull(await app.Get<Core.People.AccountService>().CheckPasswordAsync("Root", password, "test", Cancel));
        Assert.Equal(warnings, log.Lines.Count(line => line.Contains("ChatShare:Admin:Password", StringComparison.Ordinal)));
        Assert.DoesNotContain(log.Lines, line => line.Contains(password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Database_that_is_none_is_told_in_one_line()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("data"));
        await File.WriteAllTextAsync(folder.File("data/chatshare.db"), new string('x', 5000), Cancel);
        var (code, output, error) = await RunAsync(folder);

        Assert.Equal(1, code);
        Assert.Contains("cannot be used", Assert.Single(error), StringComparison.Ordinal);
        Assert.DoesNotContain(output, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Database_of_a_newer_program_is_told_in_one_line_and_left_alone()
    {
        await using var core = await BareCore.StartAsync();
        await using (var raw = new SqliteConnection(core.SqliteConnectionString))
        {
            await raw.OpenAsync(Cancel);
            await using var command = raw.CreateCommand();
            command.CommandText = "INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_FromTheFuture', '99.0.0');";
            await command.ExecuteNonQueryAsync(Cancel);
        }

        core.Get<Core.Storage.Database>().Dispose();
        using var folder = new TemporaryFolder();
        var (code, error) = await RunHereAsync(folder, $"--ChatShare:DataDirectory={core.DataDirectory}");

        Assert.Equal(1, code);
        Assert.Contains("newer ChatShare", Assert.Single(error), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AspNetUsers")]
    [InlineData("Rooms")]
    public async Task Database_that_is_broken_further_inside_is_told_in_one_line(string table)
    {
        await using var core = await BareCore.StartAsync();
        await using (var raw = new SqliteConnection(core.SqliteConnectionString))
        {
            await raw.OpenAsync(Cancel);
            await using var command = raw.CreateCommand();
            command.CommandText = $"PRAGMA foreign_keys = OFF; DROP TABLE \"{table}\";";
            await command.ExecuteNonQueryAsync(Cancel);
        }

        core.Get<Core.Storage.Database>().Dispose();

        using var folder = new TemporaryFolder();
        var (code, output, error) = await RunAsync(
            folder, $"--ChatShare:DataDirectory={core.DataDirectory}", $"--ChatShare:Downloads:Directory={core.DownloadsDirectory}");

        Assert.Equal(1, code);
        var sentence = Assert.Single(error);
        Assert.Contains("ChatShare:DataDirectory", sentence, StringComparison.Ordinal);
        Assert.Contains($"no such table: {table}", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(output, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData]
    [InlineData("--ChatShare:Admin:UserName=Root", "--ChatShare:Admin:Password=correct horse battery")]
    public async Task Disk_without_room_for_the_administrator_or_the_link_to_one_is_told_in_one_line(params string[] administrator)
    {
        using var disk = TinyDisk.TryMount(kilobytes: 8000, files: 100);
        Assert.SkipWhen(disk is null, "A small file system cannot be mounted here: it takes Linux and the right to mount.");
        using var folder = new TemporaryFolder();
        await using (await RunningApp.StartAsync($"ChatShare:DataDirectory={disk!.Path}", $"ChatShare:Downloads:Directory={folder.File("downloads")}"))
        {
            // Everything that a start writes once is there then.
        }

        // For the index that SQLite makes beside its log, and not for what is written into the log.
        disk.FillTo(freeKilobytes: 40);
        var (code, error) = await RunHereAsync(folder, [$"--ChatShare:DataDirectory={disk.Path}", .. administrator]);

        Assert.Equal(1, code);
        var line = Assert.Single(error);
        Assert.Contains("ChatShare:DataDirectory", line, StringComparison.Ordinal);
        Assert.Contains("full", line, StringComparison.Ordinal);
        Assert.DoesNotContain("ChatShare:Admin", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_file_that_cannot_be_read_is_named_in_one_line()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("appsettings.json"), "{ \"ChatShare\": oops }", Cancel);
        var (code, _, error) = await RunAsync(folder);

        Assert.Equal(1, code);
        var line = Assert.Single(error);
        Assert.Contains(folder.File("appsettings.json"), line, StringComparison.Ordinal);
        Assert.Contains("'o' is an invalid start of a value", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_of_something_that_starts_before_the_server_is_not_blamed_on_the_address()
    {
        var fault = new IOException("The disk is on fire.");
        var thrown = await Assert.ThrowsAsync<IOException>(() => RunningApp.StartAsync(builder => builder.Services.AddHostedService(_ => new Failing(fault))));

        Assert.Same(fault, thrown);
        Assert.Equal("ChatShare cannot start: The disk is on fire.", StartFailure.Sentence(thrown));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/sys")]
    public async Task Keys_that_cannot_be_used_are_told_in_one_line(string? elsewhere)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("data"));
        // Not even root makes a file there.
        if (elsewhere is not null)
            Directory.CreateSymbolicLink(folder.File("data/keys"), elsewhere);
        else
            await File.WriteAllTextAsync(folder.File("data/keys"), "no folder", Cancel);

        var (code, output, error) = await RunAsync(folder);

        Assert.Equal(1, code);
        Assert.Contains("cookie keys", Assert.Single(error), StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", error[0], StringComparison.Ordinal);
        Assert.DoesNotContain(output, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://*:5080")]
    [InlineData("http://+:80")]
    [InlineData("http://[::]:5080")]
    [InlineData("http://[::1]")]
    [InlineData("http://LocalHost:5080")]
    [InlineData("http://0.0.0.0:0/")]
    [InlineData("http://unix:/run/chatshare.sock")]
    public void Address_that_the_server_takes_for_what_it_is_may_be_listened_to(string url)
    {
        var settings = new ConfigurationManager();
        settings["Kestrel:Endpoints:Web:Url"] = url;

        ListenAddresses.Check(settings);
    }

    [Fact]
    public async Task Address_in_use_is_told_by_the_setting_that_has_it()
    {
        using var folder = new TemporaryFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var (code, error) = await RunHereAsync(folder, $"--Kestrel:Endpoints:Other:Url=http://{taken.LocalEndpoint}");

        Assert.Equal(1, code);
        Assert.Contains("(Kestrel:Endpoints:Other:Url)", Assert.Single(error), StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_database_beside_the_files_of_another_does_not_start_and_names_both_settings()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Storage:Provider=Sqlite");
        await app.StopAsync();
        Directory.Delete(app.DataDirectory, recursive: true);
        // No file was shared there yet.
        await app.StartAgainAsync();
        var tus = new TusClient(app, await app.JoinAsync("Ann"));
        var content = Make.Bytes(1000);
        var location = await tus.CreateAsync("a", content.Length);
        await tus.AppendAsync(location, 0, content);
        await app.StopAsync();

        Directory.Delete(app.DataDirectory, recursive: true);
        var refused = await Assert.ThrowsAsync<StorageException>(() => app.StartAgainAsync());

        Assert.Contains("ChatShare:DataDirectory", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ChatShare:Downloads:Directory", refused.Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(app.DownloadsDirectory, "identity"));
        await app.StartAgainAsync();
    }

    [Fact]
    public async Task Address_in_use_is_told_in_one_line_without_a_stack_trace()
    {
        using var folder = new TemporaryFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var (code, output, error) = await RunAsync(folder, $"--Kestrel:Endpoints:Web:Url=http://{taken.LocalEndpoint}");

        Assert.Equal(1, code);
        Assert.Contains("address already in use", Assert.Single(error), StringComparison.Ordinal);
        Assert.DoesNotContain(output, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Environment_beats_the_settings_file_and_the_command_line_beats_both()
    {
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string> { ["ChatShare__Limits__FileBytes"] = "-5", ["ChatShare__People__NicknameHeldHours"] = "-7" };
        var (_, _, error) = await RunAsync(folder, environment, "--ChatShare:Limits:FileBytes=-6");

        Assert.Contains(error, line => line.Contains("ChatShare:Limits:FileBytes is -6", StringComparison.Ordinal));
        Assert.Contains(error, line => line.Contains("ChatShare:People:NicknameHeldHours is -7", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Setup_link_is_printed_while_there_is_no_administrator()
    {
        await using var app = await RunningApp.StartAsync();
        Assert.StartsWith(app.Address + "/setup?token=", app.SetupUrl, StringComparison.Ordinal);
        await app.StopAsync();
        await app.StartAgainAsync();
        Assert.NotNull(app.SetupUrl);

        await using var configured = await RunningApp.StartAsync("ChatShare:Admin:UserName=Root", "ChatShare:Admin:Password=correct horse battery");
        Assert.Null(configured.SetupUrl);
        Assert.NotNull(await configured.Get<Core.People.AccountService>().CheckPasswordAsync("root", "correct horse battery", "test", Cancel));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public async Task Part_that_cannot_go_on_ends_the_program_with_a_code_by_which_it_is_started_again(bool breaks, int code)
    {
        using var folder = new TemporaryFolder();
        var part = new Part();
        await using var app = ChatShareApp.Build(
            [
                "--Kestrel:Endpoints:Web:Url=http://127.0.0.1:0", "--ChatShare:Gateway:Endpoint=", $"--ChatShare:DataDirectory={folder.File("data")}",
                $"--ChatShare:Downloads:Directory={folder.File("downloads")}",
            ],
            builder => builder.Logging.ClearProviders().Services.AddHostedService(_ => part));
        await Start.RunAsync(app, TextWriter.Null, Cancel);
        var ended = ChatShareApp.UntilStoppedAsync(app, Cancel);
        Assert.False(ended.IsCompleted);
        if (breaks)
            part.Break();
        else
            app.Lifetime.StopApplication();

        Assert.Equal(code, await ended);
    }

    [Theory]
    [InlineData("http://[::]:5080", "http://localhost:5080")]
    [InlineData("http://0.0.0.0:80", "http://localhost")]
    [InlineData("http://10.1.2.3:5080", "http://10.1.2.3:5080")]
    public void Printed_address_can_be_opened(string bound, string printed) => Assert.Equal(printed, Start.Reachable([bound])[0]);

    /// <summary>The same within this process, which costs far less than a start: for what one of those has shown to end the process.</summary>
    private static async Task<(int Code, string[] Error)> RunHereAsync(TemporaryFolder folder, params string[] arguments)
    {
        await using var error = new StringWriter(CultureInfo.InvariantCulture);
        string[] all =
        [
            "--Kestrel:Endpoints:Web:Url=http://127.0.0.1:0", "--ChatShare:Gateway:Endpoint=", $"--ChatShare:DataDirectory={folder.File("data")}",
            $"--ChatShare:Downloads:Directory={folder.File("downloads")}", .. arguments,
        ];
        // One that starts after all must not outlive the test.
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        var code = await ChatShareApp.RunAsync(all, TextWriter.Null, error, timeout.Token);
        return (code, Lines(error.ToString()));
    }

    private static Task<(int Code, string[] Output, string[] Error)> RunAsync(TemporaryFolder folder, params string[] arguments) =>
        RunAsync(folder, new Dictionary<string, string>(), arguments);

    private static async Task<(int Code, string[] Output, string[] Error)> RunAsync(
        TemporaryFolder folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder.Path,
        };
        string[] all = [typeof(ChatShareApp).Assembly.Location, "--Kestrel:Endpoints:Web:Url=http://127.0.0.1:0", "--ChatShare:Gateway:Endpoint=", .. arguments];
        foreach (var argument in all)
            start.ArgumentList.Add(argument);
        // A short life, see ServerProcess.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TC_CallCounting"] = "0";
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var error = process.StandardError.ReadToEndAsync(Cancel);
        try
        {
            await process.WaitForExitAsync(Cancel).WaitAsync(Make.PatienceForOne, Cancel);
        }
        finally
        {
            // One that started after all must not outlive the test.
            process.Kill();
        }

        return (process.ExitCode, Lines(await output), Lines(await error));
    }

    private sealed class Failing(Exception fault) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.FromException(fault);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private sealed class Part : BackgroundService
    {
        private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Break() => _broken.SetException(new InvalidOperationException("broken"));

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => _broken.Task.WaitAsync(stoppingToken);
    }
}
