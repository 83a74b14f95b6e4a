using System.Text.Json;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>
/// The chat's tus endpoint beside <c>@tus/server</c>, both fed by <c>tus-js-client</c> in Node. The other one neither hashes nor syncs what
/// it stores; once more with a sync it promises as much about the disk as the chat does.
/// </summary>
internal static class TusUploads
{
    private const double TimesTusToReach = 1.3;

    public static async Task<bool> RunAsync(int size, int rounds, bool mayInstall, CancellationToken cancellationToken)
    {
        if (await NodePackages.Tus.FaultAsync(mayInstall, cancellationToken) is { } fault)
        {
            Console.WriteLine($"Skipped: beside @tus/server ({fault}).");
            Console.WriteLine();
            return true;
        }

        using var folder = new TemporaryFolder();
        await using var chat = await MeasuredServer.StartChatAsync(folder, cancellationToken);
        using var person = await ChatClient.JoinAsync(chat.Address, "Ann", cancellationToken);
        await using var chatClient = StartClient(chat.Address, "/uploads", person.Token);
        var chatSide = new Side(
            "ChatShare", size, () => chat.Process.CpuSeconds, async (file, token) => (await SendAsync(chatClient, file, token)).Seconds,
            file => folder.File(Path.Combine("downloads", "files", file.Sha256[..2], file.Sha256)));

        await using var plain = StartServer(folder.Sub("plain"), "plain");
        await using var plainClient = StartClient(await plain.ListeningAtAsync(cancellationToken), "/files", "");
        var plainSide = OtherSide("@tus/server", plain, plainClient, folder.Sub("plain"), size);
        await using var synced = StartServer(folder.Sub("synced"), "sync");
        await using var syncedClient = StartClient(await synced.ListeningAtAsync(cancellationToken), "/files", "");
        var syncedSide = OtherSide("@tus/server and a sync", synced, syncedClient, folder.Sub("synced"), size);

        var others = new OtherProcesses();
        var race = new Race("tus-js-client to", [chatSide, plainSide, syncedSide], others);
        await race.RunAsync(rounds, (mebibytes, token) => Payload.MakeToWriteAsync(folder, mebibytes, token), cancellationToken);
        race.Print();
        Race.Verdict("times @tus/server", race.RatioTo(plainSide), TimesTusToReach);
        return others.Print();
    }

    private static Side OtherSide(string name, ChildProcess server, ChildProcess client, string folder, int size)
    {
        var places = new Dictionary<string, string>(StringComparer.Ordinal);
        return new Side(
            name, size, () => server.CpuSeconds,
            async (file, token) =>
            {
                var sent = await SendAsync(client, file, token);
                places[file.Path] = Path.Combine(folder, sent.Location.Split('/')[^1]);
                return sent.Seconds;
            },
            file => places[file.Path]);
    }

    private static async Task<Sent> SendAsync(ChildProcess client, Payload file, CancellationToken cancellationToken) =>
        JsonSerializer.Deserialize<Sent>(await client.AskAsync(file.Path, cancellationToken))!;

    private static ChildProcess StartServer(string folder, string mode) => StartNode("tus-server.mjs", folder, mode);

    private static ChildProcess StartClient(Uri server, string path, string token) => StartNode("tus-client.mjs", new Uri(server, path).ToString(), token);

    private static ChildProcess StartNode(string script, params string[] arguments) => ChildProcess.Start(
        "node", [Path.Combine(Source.Root, "ChatShare.Benchmarks", "Uploading", script), NodePackages.Folder, .. arguments], new Dictionary<string, string>());

    private sealed record Sent(double Seconds, string Location);
}
