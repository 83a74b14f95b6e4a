using System.Text.Json;
using System.Text.RegularExpressions;
using ChatShare.Tests.Api;
using ChatShare.Tests.Gateway;
using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>One room and all doors at once: a page, the command line, a script at the HTTP API, and an old TCP client.</summary>
public sealed class DoorsTests(Chromium chromium)
{
    private const int Rounds = 3;

    private static readonly string[] Names = ["Bea", "Cleo", "Api", "Ted"];

    [Fact]
    public async Task One_conversation_is_the_same_list_in_the_same_order_through_every_door()
    {
        await using var app = await RunningApp.StartAsync(GatewayFixture.Settings);
        var bea = await Person.JoinAsync(chromium, app.Address, "Bea");
        using var home = new CliHome(app.Address);
        await using var cleo = home.Start("join", "--nick", "Cleo");
        await cleo.SeesAsync("In Lobby:");
        using var api = await ApiClient.SignInAsync(app, "Api");
        await MessagesAsync(api);
        // The last one to come: from here on it reads messages alone.
        await using var ted = await OldClient.JoinAsync(app.Gateway!, "Ted");
        var tedSees = new List<string>();
        var read = ted.Read.Count;

        var expected = new List<string>();
        for (var round = 1; round <= Rounds; round++)
        {
            await SayAsync("Bea", $"from the page, {round}", bea.SayAsync);
            await SayAsync("Cleo", $"from the command line, {round}", cleo.SayAsync);
            await SayAsync("Api", $"by the interface, {round}", text => api.SayAsync(text));
            await SayAsync("Ted", $"by the old protocol, {round}", ted.SayAsync);
            if (round == 1)
                await ShareAsync(bea, cleo, api, ted);
        }

        // Who is first is for the server to say. The old client shows its own words by itself and is told nothing of their place: it listens.
        string[][] together = [.. Names[..3].Select(name => Enumerable.Range(1, 3).Select(number => $"{name} at the same time, {number}").ToArray())];
        await Task.WhenAll(
            bea.SayAllAsync(together[0]),
            EachAsync(together[1], cleo.SayAsync),
            EachAsync(together[2], text => api.SayAsync(text)));
        foreach (var text in together.SelectMany(texts => texts))
            await EverybodySeesAsync(text);

        var list = await MessagesAsync(api);
        Assert.Equal(expected, list.Take(expected.Count));
        Assert.Equal(together.SelectMany((texts, i) => texts.Select(text => $"{Names[i]}: {text}")).Order(), list.Skip(expected.Count).Order());
        Assert.Equal(list, await bea.Log.Locator(".message[id]:has(.text)").EvaluateAllAsync<string[]>(
            "rows => rows.map(row => `${row.querySelector('.name').textContent}: ${row.querySelector('.text').innerText}`)"));
        Assert.Equal(list, Regex.Matches(cleo.Output, @"(?<=^\d\d:\d\d )[^:\n]+: .+$", RegexOptions.Multiline).Select(match => match.Value));
        TedLooks();
        Assert.Equal(list, tedSees);

        async Task SayAsync(string name, string text, Func<string, Task> say)
        {
            TedLooks();
            await say(text);
            if (name == "Ted")
                tedSees.Add($"Ted: {text}");
            expected.Add($"{name}: {text}");
            await EverybodySeesAsync(text);
        }

        // Each reads by the means of its door; of the old client's own words nothing comes back.
        async Task EverybodySeesAsync(string text)
        {
            await bea.SeesAsync(text);
            await cleo.SeesAsync(text);
            if (!tedSees.Contains($"Ted: {text}"))
                await ted.UntilAsync(() => ted.Read.Exists(said => said.Contains(text, StringComparison.Ordinal)));
        }

        // One read may hold two messages on a machine that does not let the client read in time.
        void TedLooks()
        {
            var all = ted.Read;
            var said = string.Concat(all.Skip(read).Where(text => !text.StartsWith("FILE_", StringComparison.Ordinal)));
            read = all.Count;
            tedSees.AddRange(Regex.Split(said, $"(?=(?:{string.Join('|', Names)}): )").Where(line => line.Length > 0));
        }
    }

    private static async Task ShareAsync(Person bea, CliRun cleo, ApiClient api, OldClient ted)
    {
        var content = Make.Bytes(3000, seed: 51);
        await bea.AttachAsync(new FilePayload { Name = "minutes.txt", MimeType = "text/plain", Buffer = content });

        await Expect(bea.Download("minutes.txt")).ToBeVisibleAsync();
        await cleo.SeesAsync("minutes.txt, 3.0 KB – get 1");
        var saved = await ted.SavesAsync("minutes.txt");
        Assert.Equal(("Bea", Make.Sha256(content)), (saved.Sender, saved.Sha256));
        var file = Assert.Single((await api.GetAsync("/api/rooms/Lobby/files")).EnumerateArray());
        Assert.Equal(("minutes.txt", "Bea", saved.Sha256), (file.GetProperty("name").GetString(), file.GetProperty("sender").GetString(), file.GetProperty("sha256").GetString()));
    }

    private static async Task EachAsync(IEnumerable<string> texts, Func<string, Task> say)
    {
        foreach (var text in texts)
            await say(text);
    }

    private static async Task<List<string>> MessagesAsync(ApiClient api) =>
    [
        .. (await api.GetAsync("/api/rooms/Lobby/messages?limit=200")).EnumerateArray().Where(HasText)
            .Select(message => $"{message.GetProperty("sender").GetString()}: {message.GetProperty("text").GetString()}"),
    ];

    private static bool HasText(JsonElement message) => message.GetProperty("text").GetString() is { Length: > 0 };
}
