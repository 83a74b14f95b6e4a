namespace ChatShare.Benchmarks.FanningOut;

/// <summary>A server in its own process that can be asked for its heap.</summary>
internal sealed class MeasuredServer : IAsyncDisposable
{
    // What a web project is built with, if it says nothing; this program itself is not one.
    private static readonly KeyValuePair<string, string>[] WebProject = [new("DOTNET_gcServer", "1")];

    private readonly string _socket;

    private MeasuredServer(ChildProcess process, Uri address, string socket)
    {
        Process = process;
        Address = address;
        _socket = socket;
    }

    public ChildProcess Process { get; }

    public Uri Address { get; }

    /// <summary>The application as it was built beside this program, with its limits lifted by settings and nothing else changed.</summary>
    /// <param name="folder">Gets its data and downloads.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="more">Other settings, by their names as environment variables.</param>
    public static Task<MeasuredServer> StartChatAsync(
        TemporaryFolder folder, CancellationToken cancellationToken, params IEnumerable<KeyValuePair<string, string>> more) =>
        StartChatAsync(folder, (web, environment) => ChildProcess.Start(web, [], environment), cancellationToken, more);

    /// <summary>The same, started in another way than directly.</summary>
    /// <param name="folder">Gets its data and downloads.</param>
    /// <param name="start">Given the application and its environment.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="more">Other settings, by their names as environment variables.</param>
    public static Task<MeasuredServer> StartChatAsync(
        TemporaryFolder folder, Func<string, Dictionary<string, string>, ChildProcess> start, CancellationToken cancellationToken,
        params IEnumerable<KeyValuePair<string, string>> more)
    {
        // ChatShare.Benchmarks/bin/Release/net10.0 has the application at ChatShare.Web/bin/Release/net10.0.
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var web = Path.Combine(Source.Root, "ChatShare.Web", "bin", here.Parent!.Name, here.Name, "ChatShare.Web.dll");
        var settings = new Dictionary<string, string>
        {
            ["ChatShare__DataDirectory"] = folder.Sub("data"),
            ["ChatShare__Downloads__Directory"] = folder.Sub("downloads"),
            ["ChatShare__Gateway__Endpoint"] = "",
            ["ChatShare__Limits__MessagesPerSecond"] = "0",
            ["ChatShare__Limits__JoinsPerMinutePerAddress"] = "0",
            ["ChatShare__Limits__CircuitsPerPerson"] = "0",
            ["ChatShare__Limits__CircuitsPerAddress"] = "0",
            ["ChatShare__Limits__FileBytes"] = "0",
            ["ChatShare__Limits__UploadsPerPerson"] = "0",
            ["ChatShare__Limits__UploadsPerMinute"] = "0",
        };
        foreach (var (name, value) in more)
            settings[name] = value;
        return StartAsync(folder.File("chat.socket"), settings, environment => start(web, environment), cancellationToken);
    }

    /// <summary>The page that everybody can compare with.</summary>
    public static Task<MeasuredServer> StartEmptyAsync(TemporaryFolder folder, CancellationToken cancellationToken) =>
        StartAsync(folder.File("empty.socket"), WebProject, environment => ChildProcess.StartSelf([EmptyPageServer.Mode], environment), cancellationToken);

    /// <summary>A bare hub, or a naive page, with the same log behind it.</summary>
    public static Task<MeasuredServer> StartOwnAsync(PageKind page, TemporaryFolder folder, CancellationToken cancellationToken) =>
        StartOwnAsync(
            page switch
            {
                PageKind.Hub => HubServer.Mode,
                PageKind.Least => NaivePageServer.LeastMode,
                _ => NaivePageServer.Mode,
            },
            folder.Sub($"{page}"),
            cancellationToken);

    /// <summary>Another of this program's own servers, to compare with.</summary>
    /// <param name="mode">Which.</param>
    /// <param name="folder">Where it writes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<MeasuredServer> StartOwnAsync(string mode, string folder, CancellationToken cancellationToken) =>
        StartAsync(folder + ".socket", WebProject, environment => ChildProcess.StartSelf([mode, folder], environment), cancellationToken);

    public Task<HeapSize> HeapAsync(CancellationToken cancellationToken) => HeapProbe.MeasureAsync(_socket, cancellationToken);

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static async Task<MeasuredServer> StartAsync(
        string socket, IEnumerable<KeyValuePair<string, string>> own, Func<Dictionary<string, string>, ChildProcess> start, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>(own);
        settings["Kestrel__Endpoints__Web__Url"] = "http://127.0.0.1:0";
        settings["DOTNET_STARTUP_HOOKS"] = typeof(MeasuredServer).Assembly.Location;
        settings[HeapProbe.SocketVariable] = socket;
        settings["ASPNETCORE_ENVIRONMENT"] = "Production";
        var process = start(settings);
        try
        {
            return new MeasuredServer(process, await process.ListeningAtAsync(cancellationToken), socket);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }
}
