using System.Globalization;
using System.Threading.Channels;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Reliability;

/// <summary>
/// A server that is there to be killed. Reads lines from standard input, each <c>clientId TAB text</c> for a message or
/// <c>clientId TAB seed TAB length</c> for a file; writes <c>clientId TAB number</c>, or <c>clientId TAB file id</c>, after
/// the acknowledgement and not before. The first line it writes is <see cref="Ready"/>.
/// </summary>
internal static class CrashChild
{
    public const string Switch = "--crash-child";
    public const string Ready = "ready";
    public const string SessionFile = "session";

    /// <summary>How to reach PostgreSQL; SQLite where it is not there.</summary>
    public const string DatabaseFile = "database";

    /// <summary>Runs until standard input ends. Whatever else ends it is said on standard error.</summary>
    public static async Task<int> RunAsync(string folder)
    {
        using var stop = new CancellationTokenSource();
        await using var host = await StartAsync(folder, stop.Token);
        await using var session = await host.EnterAsync(await PersonAsync(host, folder, stop.Token), stop.Token);

        var acknowledged = Channel.CreateUnbounded<string>();
        var writing = OrDieAsync(WriteAsync(acknowledged.Reader, stop.Token));
        acknowledged.Writer.TryWrite(Ready);
        var running = new List<Task>();
        while (await Console.In.ReadLineAsync(stop.Token) is { } line)
            running.Add(OrDieAsync(ObeyAsync(host, session, line.Split('\t'), acknowledged.Writer, stop.Token)));
        await Task.WhenAll(running);
        acknowledged.Writer.Complete();
        await writing;
        return 0;
    }

    /// <summary>An order that fails is never acknowledged: whoever waits for that is to learn why, now.</summary>
    private static async Task OrDieAsync(Task order)
    {
        try
        {
            await order;
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync(exception.ToString());
            Environment.Exit(1);
        }
    }

    /// <summary>The same server on the same folder.</summary>
    public static async Task<CoreHost> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, DatabaseFile);
        return File.Exists(file)
            ? await CoreHost.StartAtAsync(folder, cancellationToken, PostgreSqlServer.CoreSettingsFor(await File.ReadAllTextAsync(file, cancellationToken)))
            : await CoreHost.StartAtAsync(folder, cancellationToken);
    }

    private static async Task ObeyAsync(
        CoreHost host, RoomSession session, string[] fields, ChannelWriter<string> acknowledged, CancellationToken cancellationToken)
    {
        var clientId = fields[0];
        if (fields.Length == 2)
        {
            var message = await session.SendAsync(Make.Text(fields[1]), clientId, cancellationToken);
            acknowledged.TryWrite(string.Create(CultureInfo.InvariantCulture, $"{clientId}\t{message.Number}"));
            return;
        }

        var content = Make.Bytes(int.Parse(fields[2], CultureInfo.InvariantCulture), int.Parse(fields[1], CultureInfo.InvariantCulture));
        var upload = (await host.Uploads.BeginAsync(session, [Make.File(clientId, content.Length)], clientId, cancellationToken))[0];
        await upload.AppendAsync(0, new ScriptedStream(content, [4096, 70_000, 1], ScriptedStream.Ending.Ends), cancellationToken);
        acknowledged.TryWrite($"{clientId}\t{upload.Id}");
    }

    /// <summary>The same person in each life, because client ids are a person's own.</summary>
    public static async Task<PersonSession> PersonAsync(CoreHost host, string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, SessionFile);
        if (File.Exists(file))
        {
            return await host.Sessions.FindAsync(Guid.Parse(await File.ReadAllTextAsync(file, cancellationToken)), cancellationToken)
                ?? throw new InvalidOperationException("The session is lost.");
        }

        var session = await host.JoinAsync("sender", cancellationToken);
        await File.WriteAllTextAsync(file, session.Id.ToString(), cancellationToken);
        return session;
    }

    private static async Task WriteAsync(ChannelReader<string> lines, CancellationToken cancellationToken)
    {
        await using var output = new StreamWriter(Console.OpenStandardOutput());
        await foreach (var line in lines.ReadAllAsync(cancellationToken))
        {
            await output.WriteLineAsync(line.AsMemory(), cancellationToken);
            await output.FlushAsync(cancellationToken);
        }
    }
}
